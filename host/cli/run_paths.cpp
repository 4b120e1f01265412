#include "host/cli/run_paths.hpp"

#include <filesystem>
#include <optional>

#include "host/checkpoint/checkpoint.hpp"

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

}  // namespace

void find_data_of_run(const std::string& model, Config& config) {
  const std::optional<fs::path> start = start_of_run(model, config.out);
  if (!start) return;
  DataConfig& data = config.data;
  for (std::string* path : {&data.train, &data.target, &data.weight, &data.validation,
                            &data.validation_target, &data.test, &data.test_target}) {
    if (path->empty() || fs::exists(*path) || !fs::exists(*start / *path)) continue;
    *path = (*start / *path).lexically_normal();
  }
}

}  // namespace thalweg::cli
