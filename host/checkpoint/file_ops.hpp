#pragma once
// The system calls that output goes through, as a table, so that a test can make any of them fail.
#include <sys/types.h>

#include <cstddef>

namespace thalweg {

/// Each as the function of its name in POSIX, flock as in BSD and Linux; an error is -1 and errno.
struct FileOps {
  int (*open)(const char* path, int flags, mode_t mode);
  ssize_t (*write)(int fd, const void* data, std::size_t size);
  int (*fsync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char* from, const char* to);
  int (*mkdir)(const char* path, mode_t mode);
  int (*remove)(const char* path);
  int (*flock)(int fd, int operation);
};

extern const FileOps system_file_ops;

/// The table in use.
const FileOps& file_ops();

/// Locks a file (LOCK_EX or LOCK_SH) without waiting, also where a signal interrupts it. Returns 0, or the
/// error number that says why the lock is not to be had now: EWOULDBLOCK where another has it.
int try_lock(int fd, int operation);

/// Puts another table in use while it lives.
class ScopedFileOps {
 public:
  explicit ScopedFileOps(const FileOps& ops);
  ~ScopedFileOps();
  ScopedFileOps(const ScopedFileOps&) = delete;
  ScopedFileOps& operator=(const ScopedFileOps&) = delete;

 private:
  const FileOps* before_;
};

}  // namespace thalweg
