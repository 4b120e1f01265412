// The checkpoints of a run: which there are, which is the newest, and which may go.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Damaged checkpoints that are named one by one; the rest are counted.
constexpr std::int64_t kMostReports = 5;

struct StepFolder {
  std::int64_t step;
  std::string path;
};

/// The checkpoint folders in `root`, newest first.
std::vector<StepFolder> step_folders(const std::string& root) {
  std::vector<StepFolder> found;
  for (const std::string& name : names_in(root)) {
    if (!name.starts_with(kStepPrefix)) continue;
    StepFolder folder{0, join_path(root, name)};
    const char* const last = name.data() + name.size();
    const auto [stop, wrong] = std::from_chars(name.data() + kStepPrefix.size(), last, folder.step);
    if (wrong == std::errc() && stop == last) found.push_back(folder);  // mutant: whole-name-read
  }
  std::sort(found.begin(), found.end(), [](const StepFolder& a, const StepFolder& b) {
    return a.step != b.step ? a.step > b.step : a.path > b.path;  // mutant: newest-by-step
  });
  return found;
}

}  // namespace

std::string checkpoint_root(const std::string& run) { return join_path(run, "checkpoints"); }

bool is_checkpoint(const std::string& path) { return path_exists(join_path(path, kManifestFile)); }

std::int64_t newest_step(const std::string& root) {
  const std::vector<StepFolder> folders = step_folders(root);
  return folders.empty() ? 0 : folders.front().step;
}

std::string checkpoint_folder(const std::string& root, std::int64_t step) {
  return join_path(root, fmt::format("{}{:09}", kStepPrefix, step));
}

/// Under a temporary name first, for good: a folder that is half removed must not look like a damaged
/// checkpoint, also not after a power failure. One that may not be emptied keeps its name: under the
/// temporary one it would stay for good, and stop the next run too.
void remove_folders(const std::string& root, const std::vector<std::string>& folders) {
  std::vector<std::string> leaving;
  for (const std::string& folder : folders) require_removable(folder);
  for (const std::string& folder : folders) {
    leaving.push_back(temporary_path(root, name_of(folder)));
    rename_path(folder, leaving.back());
  }
  if (!leaving.empty()) sync_folder(root);                    // mutant: fsync-before-removal
  for (const std::string& path : leaving) remove_path(path);  // mutant: pruned-removed
}

std::optional<StoredCheckpoint> read_newest_checkpoint(const std::string& root,
                                                       std::vector<std::string>& reports) {
  std::optional<StoredCheckpoint> newest;
  std::int64_t damaged = 0;
  for (const StepFolder& folder : step_folders(root)) {
    try {
      newest = {folder.path, read_checkpoint(folder.path)};
      break;
    } catch (const Error& error) {
      if (++damaged <= kMostReports) reports.push_back(error.what());  // mutant: report-limit
    }
  }
  if (damaged > kMostReports)
    reports.push_back(fmt::format("{}: {} more damaged checkpoints", root, damaged - kMostReports));
  return newest;
}

std::optional<std::string> newest_valid_checkpoint(const std::string& root,
                                                   std::vector<std::string>& reports) {
  std::optional<StoredCheckpoint> newest = read_newest_checkpoint(root, reports);
  if (!newest) return std::nullopt;
  return std::move(newest->folder);
}

bool KnownCheckpoints::valid(const std::string& folder) {
  const auto known = valid_.find(folder);
  if (known != valid_.end()) return known->second;  // mutant: validity-remembered
  return valid_[folder] = is_valid_checkpoint(folder);
}

void prune_checkpoints(const std::string& root, std::int64_t keep, const std::vector<std::int64_t>& spared,
                       KnownCheckpoints& known) {
  std::vector<std::string> leaving;
  std::int64_t kept = 0;
  for (const StepFolder& folder : step_folders(root)) {
    if (kept < std::max<std::int64_t>(keep, 1)) {  // mutant: keep-limit
      kept += known.valid(folder.path) ? 1 : 0;    // mutant: only-valid-counted
      // mutant: spared-kept
    } else if (std::find(spared.begin(), spared.end(), folder.step) == spared.end()) {
      leaving.push_back(folder.path);
    }
  }
  remove_folders(root, leaving);
}

void remove_checkpoints(const std::string& root) {
  std::vector<std::string> leaving;
  for (const StepFolder& folder : step_folders(root)) leaving.push_back(folder.path);
  remove_folders(root, leaving);
}

std::int64_t verify_checkpoints(const std::string& path, std::vector<std::string>& reports) {
  std::vector<StepFolder> folders{{0, path}};
  if (!is_checkpoint(path)) folders = step_folders(checkpoint_root(path));
  std::int64_t valid = 0;
  for (const StepFolder& folder : folders) {
    try {
      read_checkpoint(folder.path);
      ++valid;
    } catch (const Error& error) {
      reports.push_back(error.what());
    }
  }
  return valid;
}

}  // namespace thalweg
