#include "host/checkpoint/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "host/checkpoint/file_ops.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

int system_open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }

std::atomic<const FileOps*> ops_in_use{&system_file_ops};

[[noreturn]] void fail(const char* action, const std::string& path, int error) {
  throw IoError(fmt::format("{} {}: {}", action, path, std::strerror(error)));
}

int open_file(const char* action, const std::string& path, int flags, const std::string& shown) {
  for (;;) {
    const int fd = file_ops().open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EINTR) fail(action, shown, errno);
  }
}

/// Linux releases the descriptor even when close is interrupted, so it is never tried twice.
int close_once(int fd) {
  const int result = file_ops().close(fd);
  return result != 0 && errno != EINTR ? errno : 0;
}

/// Reads up to `size` bytes; fewer at the end of the file. -1 and errno on an error.
ssize_t read_fully(int fd, char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, to + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

const FileOps system_file_ops = {&system_open, &::write, &::fsync, &::close, &::rename, &::mkdir};

const FileOps& file_ops() { return *ops_in_use.load(); }

ScopedFileOps::ScopedFileOps(const FileOps& ops) : before_(ops_in_use.exchange(&ops)) {}
ScopedFileOps::~ScopedFileOps() { ops_in_use.store(before_); }

OutputFile::OutputFile(std::string path, Mode mode, std::string shown)
    : path_(std::move(path)), shown_(shown.empty() ? path_ : std::move(shown)) {
  const int how = mode == Mode::append ? O_APPEND : O_TRUNC;
  fd_ = open_file("cannot create", path_, O_WRONLY | O_CREAT | how, shown_);
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) file_ops().close(fd_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = file_ops().write(fd_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      fail("cannot write", shown_, written == 0 ? ENOSPC : errno);  // a write that takes nothing would loop
    }
  }
}

void OutputFile::sync() {
  if (file_ops().fsync(fd_) != 0) fail("cannot make durable", shown_, errno);
}

void OutputFile::close() {
  const int error = close_once(std::exchange(fd_, -1));
  if (error != 0) fail("cannot close", shown_, error);
}

AtomicFile::AtomicFile(const std::string& path)
    : path_(path),
      file_(temporary_path(parent_of(path), fs::path(path).filename().string()), OutputFile::Mode::replace,
            path) {}

AtomicFile::~AtomicFile() {
  if (!renamed_) ::unlink(file_.path().c_str());
}

void AtomicFile::commit() {
  file_.sync();
  file_.close();
  rename_path(file_.path(), path_);
  renamed_ = true;
  sync_folder(parent_of(path_));
}

void write_file_atomically(const std::string& path, std::span<const std::string_view> parts) {
  AtomicFile file(path);
  for (const std::string_view part : parts) file.write(part);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  write_file_atomically(path, std::span<const std::string_view>(&bytes, 1));
}

void create_folder(const std::string& path) {
  if (file_ops().mkdir(path.c_str(), 0777) != 0) fail("cannot create folder", path, errno);
}

void create_folders(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return;
  const std::string parent = parent_of(path);
  if (parent != path) create_folders(parent);
  if (file_ops().mkdir(path.c_str(), 0777) != 0) {
    const int error = errno;
    if (error != EEXIST || !fs::is_directory(path, ignored)) fail("cannot create folder", path, error);
  }
  sync_folder(parent);
}

void sync_folder(const std::string& path) {
  const int fd = open_file("cannot open folder", path, O_RDONLY | O_DIRECTORY, path);
  // EINVAL says that this file system has no fsync of folders, not that one failed
  const int error = file_ops().fsync(fd) != 0 && errno != EINVAL ? errno : 0;
  const int close_error = close_once(fd);
  if (error != 0) fail("cannot make durable", path, error);
  if (close_error != 0) fail("cannot close", path, close_error);
}

void rename_path(const std::string& from, const std::string& to) {
  if (file_ops().rename(from.c_str(), to.c_str()) != 0) fail("cannot rename to", to, errno);
}

void remove_path(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) fail("cannot remove", path, error.value());
}

void remove_temporaries(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> stale;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kTemporaryPrefix)) {
      stale.push_back(entry->path().string());
    }
  }
  for (const std::string& path : stale) remove_path(path);
}

std::string read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    const std::string message = fmt::format("cannot open {}: {}", path, std::strerror(error));
    if (error == ENOENT || error == ENOTDIR) throw NoInputError(message);
    throw IoError(message);
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    throw IoError(fmt::format("cannot read {}: not a regular file", path));
  }
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(status.st_size));
  const ssize_t got = read_fully(fd, bytes.data(), bytes.size());
  const int error = errno;
  ::close(fd);
  if (got < 0) fail("cannot read", path, error);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

std::string parent_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string temporary_path(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / fmt::format("{}{}-{}", kTemporaryPrefix, name, ::getpid())).string();
}

}  // namespace thalweg
