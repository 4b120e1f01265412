#pragma once
// Locks of files that fail where a test says so.
#include <cerrno>
#include <climits>

#include "host/checkpoint/file_ops.hpp"

namespace thalweg::test {

/// While it lives, the first `times` locks fail with the error number; those after them are the system's.
class FailingLocks {
 public:
  explicit FailingLocks(int error, int times = INT_MAX) { error_ = error, times_ = times, calls_ = 0; }
  int calls() const { return calls_; }

 private:
  static int flock(int fd, int operation) {
    if (calls_++ >= times_) return system_file_ops.flock(fd, operation);
    errno = error_;
    return -1;
  }
  static FileOps table() {
    FileOps ops = file_ops();
    ops.flock = &flock;
    return ops;
  }

  static inline int error_ = 0, times_ = 0, calls_ = 0;
  const FileOps ops_ = table();
  const ScopedFileOps scope_{ops_};
};

}  // namespace thalweg::test
