#pragma once
// Runs that are looked at again and again, while they write or are made and removed.
#include <memory>
#include <string>
#include <vector>

#include "host/report/log_follower.hpp"
#include "host/report/run_glance.hpp"

namespace thalweg::report {

class RunWatcher {
 public:
  explicit RunWatcher(const std::string& folder);
  /// `now`: seconds since 1970. What cannot be read is said in the glance, of stage unknown.
  RunGlance look(double now);
  const std::string& folder() const { return files_.folder; }
  bool was_seen() const { return was_seen_; }  ///< a run was there once

 private:
  RunTraces read_traces();

  RunFiles files_;
  LogFollower log_;
  bool was_seen_ = false;
};

/// The runs of several paths, which are runs or folders of runs.
class RunsWatcher {
 public:
  explicit RunsWatcher(const std::vector<std::string>& paths);
  /// Each run once, in the order in which they were found; also those that were made or removed since the
  /// last look. A path without a run stands for one that has not begun.
  std::vector<RunGlance> look(double now);
  /// Whether, at the last look, some run had not ended, or the folds of a run were not all there.
  bool more_to_come() const { return more_to_come_; }

 private:
  struct Path {
    std::string path;
    bool holds_runs = false;  ///< a folder of runs, once it has one
  };

  std::vector<std::string> runs_of(Path& path);

  std::vector<Path> paths_;
  std::vector<std::unique_ptr<RunWatcher>> runs_;
  bool more_to_come_ = true;
};

}  // namespace thalweg::report
