#include "host/cli/run_paths.hpp"

#include <filesystem>
#include <optional>

#include "host/checkpoint/checkpoint.hpp"
#include "host/data/data_files.hpp"

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

std::string path_from(const fs::path& start, const std::string& path) {
  if (path.empty() || names_files(path) || !names_files(start / path)) return path;
  return (start / path).lexically_normal();
}

}  // namespace

void find_data_of_run(const std::string& model, Config& config) {
  const std::optional<fs::path> start = start_of_run(model, config.out);
  if (!start) return;
  DataConfig& data = config.data;
  for (std::string* path : {&data.target, &data.weight, &data.validation_target, &data.test_target})
    *path = path_from(*start, *path);
  for (std::string* list : {&data.train, &data.validation, &data.test}) {
    std::string found;
    for (const std::string& path : listed_paths(*list))
      found += (found.empty() ? "" : ",") + path_from(*start, path);
    *list = found;
  }
}

}  // namespace thalweg::cli
