#pragma once
// metrics.jsonl of a run that may still write to it: each call reads what was added.
#include <optional>
#include <string>

#include "host/report/run_files.hpp"

namespace thalweg::report {

class LogFollower {
 public:
  explicit LogFollower(std::string file) : file_(std::move(file)) {}
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  /// Adds the new lines to `log`, which is the same at each call. A last line without its end waits for the
  /// rest. A file that was replaced, as by a run that goes on, or that was cut is read anew. Where lines of
  /// steps are many, old ones may go. Throws IoError for a file that is there and cannot be read.
  void refresh(RunLog& log);

  /// Seconds since 1970 at which the file was written last; nothing where it is not there.
  std::optional<double> written_at() const { return written_at_; }

 private:
  void start_over(RunLog& log);
  void open_newest(RunLog& log);
  std::string read_until(std::size_t size);

  std::string file_;
  /// Of the file that was read so far. While it is open no other file can have its number (st_ino), so a file
  /// that took its place is told from it.
  int fd_ = -1;
  std::size_t read_ = 0;
  std::string unfinished_;  ///< the last line, so far
  std::optional<double> written_at_;
};

}  // namespace thalweg::report
