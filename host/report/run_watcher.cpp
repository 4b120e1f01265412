#include "host/report/run_watcher.hpp"

#include <algorithm>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg::report {
namespace {

Holder holder_in(const std::string& folder) { return is_folder(folder) ? holder_of(folder) : Holder::none; }

}  // namespace

RunWatcher::RunWatcher(const std::string& folder) : log_(join_path(folder, kLogFile)) {
  files_.folder = folder;
}

RunTraces RunWatcher::read_traces() {
  const std::string& folder = files_.folder;
  RunTraces traces{.was_seen = was_seen_};
  if (!is_folder(folder)) return traces;
  traces.holder = holder_of(folder);
  traces.there = path_exists(join_path(folder, kConfigFile));
  traces.was_held = was_held(folder);
  traces.has_model = path_exists(join_path(folder, kModelFile));
  traces.saved_step = newest_step(checkpoint_root(folder));
  return traces;
}

/// The lock is looked at before the rest: a run that ends meanwhile is shown as running once more. A free
/// lock is looked at again after it: a run that begins meanwhile moves the model away, and is not killed.
RunGlance RunWatcher::look(double now) {
  try {
    RunTraces traces = read_traces();
    if (traces.there) {
      was_seen_ = true;
      files_.config = {};
      read_config_file(join_path(files_.folder, kConfigFile), files_.config);
      log_.refresh(files_.log);
      if (log_.written_at()) traces.silence = std::max(now - *log_.written_at(), 0.0);
    }
    if (traces.holder == Holder::none) traces.holder = holder_in(files_.folder);
    return glance_at(files_, traces);
  } catch (const Error& error) {
    return {.run = files_.folder, .stage = RunStage::unknown, .words = error.what()};
  }
}

RunsWatcher::RunsWatcher(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) paths_.push_back({path});
}

std::vector<std::string> RunsWatcher::runs_of(Path& path) {
  try {
    const std::vector<std::string> runs = runs_at(path.path);
    path.holds_runs = runs.front() != path.path;
    return runs;
  } catch (const NoInputError&) {
    if (path.holds_runs) return {};
    return {path.path};
  }
}

std::vector<RunGlance> RunsWatcher::look(double now) {
  std::vector<std::string> found;
  more_to_come_ = false;
  for (Path& path : paths_) {
    for (const std::string& run : runs_of(path)) found.push_back(run);
    // Between two folds no fold lives, but the run that makes them has the folder.
    if (path.holds_runs && holder_in(path.path) == Holder::run) more_to_come_ = true;
  }
  std::erase_if(runs_, [&](const auto& run) {
    return !run->was_seen() && std::find(found.begin(), found.end(), run->folder()) == found.end();
  });
  for (const std::string& folder : found) {
    const auto same = [&](const auto& run) { return run->folder() == folder; };
    if (std::none_of(runs_.begin(), runs_.end(), same)) runs_.push_back(std::make_unique<RunWatcher>(folder));
  }
  std::vector<RunGlance> glances;
  for (const auto& run : runs_) glances.push_back(run->look(now));
  for (const RunGlance& glance : glances) more_to_come_ = more_to_come_ || !has_ended(glance.stage);
  return glances;
}

}  // namespace thalweg::report
