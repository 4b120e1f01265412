#include "host/data/shards/shard_descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

rlim_t most_descriptors() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::atomic<rlim_t> kept_files{0};

/// Half of the process's descriptors may stay open for shards, whatever the number of sets.
bool take_place() {
  if (kept_files.fetch_add(1) < most_descriptors() / 2) return true;
  --kept_files;
  return false;
}

[[noreturn]] void refuse_to_open(const std::string& path, int error) {
  if (error == ENOENT) throw DataError(fmt::format("{}: this shard of the set is missing", path));
  const std::string limit =
      error == EMFILE ? fmt::format("; this process may have {} (ulimit -n)", most_descriptors()) : "";
  throw IoError(fmt::format("{}: cannot be opened: {}{}", path, std::strerror(error), limit));
}

}  // namespace

ShardDescriptor::ShardDescriptor(std::string path, std::int64_t bytes)
    : path_(std::move(path)), bytes_(bytes) {
  const int fd = open_file();
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0, regular = known && S_ISREG(status.st_mode);
  device_ = status.st_dev, inode_ = status.st_ino;
  const bool good = regular && status.st_size == bytes_;
  if (good && take_place()) {
    kept_ = fd;
    return;
  }
  ::close(fd);
  if (!regular) throw DataError(fmt::format("{}: is not a file", path_));
  if (!good)
    throw DataError(fmt::format("{}: has {} bytes; its manifest says {}", path_, status.st_size, bytes_));
}

ShardDescriptor::~ShardDescriptor() {
  if (kept_ < 0) return;
  ::close(kept_);
  --kept_files;
}

/// Past the page cache where the file system has such reads.
int ShardDescriptor::open_file() const {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  int fd = ::open(path_.c_str(), kFlags | O_DIRECT);
  if (fd < 0 && errno == EINVAL) fd = ::open(path_.c_str(), kFlags);
  if (fd < 0) refuse_to_open(path_, errno);
  return fd;
}

/// What was checked before was checked of the file that was there then.
void ShardDescriptor::require_unchanged(int fd) const {
  struct stat status {};
  const bool same = ::fstat(fd, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_ &&
                    status.st_size == bytes_;
  if (!same) throw DataError(fmt::format("{}: changed after the set was opened", path_));
}

ShardDescriptor::Use::Use(const ShardDescriptor& file)
    : own_(file.kept_ < 0), fd_(own_ ? file.open_file() : file.kept_) {
  if (!own_) return;
  try {
    file.require_unchanged(fd_);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

ShardDescriptor::Use::~Use() {
  if (own_) ::close(fd_);
}

}  // namespace thalweg
