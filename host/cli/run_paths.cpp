#include "host/cli/run_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "host/checkpoint/checkpoint.hpp"
#include "host/data/data_files.hpp"
#include "host/data/readers.hpp"
#include "host/data/text.hpp"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;

fs::path whole(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// Where a run with that `out` was started; none where its folder lies elsewhere now.
std::optional<fs::path> start_of_run(const std::string& model, const fs::path& out) {
  if (out.empty() || out.is_absolute()) return std::nullopt;
  fs::path run = whole(model);
  if (is_checkpoint(run)) run = run.parent_path().parent_path();
  fs::path start = run;
  for (const fs::path& part : out.lexically_normal())
    if (!part.empty()) start = part == ".." ? start / "." : start.parent_path();
  return whole(start / out) == run ? std::optional(start) : std::nullopt;
}

/// Whether the targets or weights of a data file that are called `name` may be a file of their own. A column
/// of a table, or an array of an archive, stays what it is, whatever files there are.
bool may_be_file(const DataConfig& data, const std::string& source, std::string_view name) {
  const std::string file = in_lower_case(source);
  const auto is = [&](DataFormat format) {
    if (data.format != DataFormat::automatic) return data.format == format;
    const auto& endings = reader_of(format).endings;
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
      return !ending.empty() && file.find(ending) != std::string::npos;
    });
  };
  if (is(DataFormat::csv) || is(DataFormat::tsv)) return false;
  if (is(DataFormat::npy) || is(DataFormat::libsvm) || is(DataFormat::vw) || is(DataFormat::idx)) return true;
  return name.find_first_of("./") != std::string_view::npos;
}

std::string path_from(const fs::path& start, const std::string& path) {
  if (path.empty() || names_files(path) || !names_files(start / path)) return path;
  return (start / path).lexically_normal();
}

}  // namespace

void find_data_of_run(const std::string& model, Config& config) {
  const std::optional<fs::path> start = start_of_run(model, config.out);
  if (!start) return;
  DataConfig& data = config.data;
  const std::pair<const std::string*, std::string*> companions[] = {
      {&data.train, &data.target},
      {&data.train, &data.weight},
      {&data.validation, &data.validation_target},
      {&data.test, &data.test_target}};
  for (const auto& [source, companion] : companions)
    if (may_be_file(data, *source, *companion)) *companion = path_from(*start, *companion);
  for (std::string* list : {&data.train, &data.validation, &data.test}) {
    std::string found;
    for (const std::string& path : listed_paths(*list))
      found += (found.empty() ? "" : ",") + path_from(*start, path);
    *list = found;
  }
}

}  // namespace thalweg::cli
