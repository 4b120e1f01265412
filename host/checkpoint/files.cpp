#include "host/checkpoint/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <utility>
#include <vector>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/leftover_folder.hpp"
#include "host/checkpoint/overwrite.hpp"
#include "host/checkpoint/system_error.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

int system_open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }

std::atomic<const FileOps*> ops_in_use{&system_file_ops};

int open_file(const char* action, const std::string& path, int flags, const std::string& shown) {
  for (;;) {
    const int fd = file_ops().open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EINTR) throw_io_error(action, shown, errno);  // mutant: open-repeated
  }
}

/// Linux releases the descriptor even when close is interrupted, so it is never tried twice.
int close_once(int fd) {
  const int result = file_ops().close(fd);
  return result != 0 && errno != EINTR ? errno : 0;  // mutant: close-interrupted
}

void wait_until_writable(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  ::poll(&wanted, 1, -1);  // an interruption or an error shows in the write that follows
}

}  // namespace

const FileOps system_file_ops = {&system_open, &::write, &::fsync,  &::close,
                                 &::rename,    &::mkdir, &::remove, &::flock};

const FileOps& file_ops() { return *ops_in_use.load(); }

int try_lock(int fd, int operation) {
  while (file_ops().flock(fd, operation | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

ScopedFileOps::ScopedFileOps(const FileOps& ops) : before_(ops_in_use.exchange(&ops)) {}
ScopedFileOps::~ScopedFileOps() { ops_in_use.store(before_); }

void write_fully(int descriptor, std::string_view bytes, std::string_view shown) {
  while (!bytes.empty()) {
    const ssize_t written = file_ops().write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));  // mutant: short-write-continued
    } else if (written < 0 && errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (written == 0 || errno != EINTR) {  // mutant: write-repeated
      // A write that takes nothing would loop.
      throw_io_error("cannot write", shown, written == 0 ? ENOSPC : errno);
    }
  }
}

OutputFile::OutputFile(std::string path, Mode mode, std::string shown)
    : path_(std::move(path)), shown_(shown.empty() ? path_ : std::move(shown)) {
  const int how = mode == Mode::append ? O_APPEND : O_TRUNC;  // mutant: append-keeps
  fd_ = open_file("cannot create", path_, O_WRONLY | O_CREAT | how, shown_);
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) file_ops().close(fd_);
}

void OutputFile::write(std::string_view bytes) { write_fully(fd_, bytes, shown_); }

void OutputFile::sync() {
  // mutant: fsync-checked
  if (file_ops().fsync(fd_) != 0) throw_io_error("cannot make durable", shown_, errno);
}

void OutputFile::close() {
  const int error = close_once(std::exchange(fd_, -1));
  if (error != 0) throw_io_error("cannot close", shown_, error);  // mutant: close-checked
}

void overwrite(const std::string& path, std::int64_t at, std::string_view bytes, const std::string& shown) {
  struct Descriptor {
    int fd;
    ~Descriptor() { file_ops().close(fd); }
  };
  const Descriptor file{open_file("cannot open", path, O_WRONLY, shown)};
  if (::lseek(file.fd, at, SEEK_SET) < 0) throw_io_error("cannot write", shown, errno);
  write_fully(file.fd, bytes, shown);
  if (file_ops().fsync(file.fd) != 0) throw_io_error("cannot make durable", shown, errno);
}

namespace {

/// The prefix of all temporary names for `name`; the number of the process follows.
std::string temporary_prefix(const std::string& name) { return fmt::format("{}{}-", kTemporaryPrefix, name); }

std::atomic<bool> plain_name_taken{false};
std::atomic<std::uint64_t> numbered_names{0};

/// Whether the text is the number of a process that is gone, or that and the number of a file of it.
bool is_gone(std::string_view text) {
  pid_t process = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), process);
  const bool ended = stop == text.data() + text.size() || *stop == '.';
  const bool number = error == std::errc() && ended && process > 0;
  return number && ::kill(process, 0) != 0 && errno == ESRCH;
}

/// The temporary for `path`, after those of processes that are gone were removed.
std::string new_temporary(const std::string& path, bool plain) {
  remove_stale_temporaries(path);
  const std::string temporary = temporary_path(parent_of(path), name_of(path));
  // mutant: names-of-threads-differ
  return plain ? temporary : fmt::format("{}.{}", temporary, ++numbered_names);
}

}  // namespace

AtomicFile::PlainName::PlainName() : mine(!plain_name_taken.exchange(true)) {}
AtomicFile::PlainName::~PlainName() {
  if (mine) plain_name_taken.store(false);
}

AtomicFile::AtomicFile(const std::string& path)
    : path_(path), file_(new_temporary(path, plain_name_.mine), OutputFile::Mode::replace, path) {}

AtomicFile::~AtomicFile() {
  if (!renamed_) file_ops().remove(file_.path().c_str());  // mutant: temporary-removed
}

void AtomicFile::commit() {
  file_.sync();  // mutant: fsync-before-rename
  file_.close();
  rename_path(file_.path(), path_);
  renamed_ = true;
  sync_folder(parent_of(path_));  // mutant: fsync-after-rename
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
  // mutant: mkdir-checked
  if (file_ops().mkdir(path.c_str(), 0777) != 0) throw_io_error("cannot create folder", path, errno);
}

void create_folders(const std::string& path) {
  if (is_folder(path)) return;
  const std::string parent = parent_of(path);
  if (parent != path) create_folders(parent);
  if (file_ops().mkdir(path.c_str(), 0777) != 0) {
    const int error = errno;
    if (error != EEXIST || !is_folder(path)) throw_io_error("cannot create folder", path, error);
  }
  sync_folder(parent);  // mutant: fsync-of-parent
}

int open_folder(const std::string& path) {
  return open_file("cannot open folder", path, O_RDONLY | O_DIRECTORY, path);
}

void sync_folder(const std::string& path) {
  const int fd = open_folder(path);
  // EINVAL says that this file system has no fsync of folders, not that one failed
  const int error = file_ops().fsync(fd) != 0 && errno != EINVAL ? errno : 0;  // mutant: folder-fsync-checked
  const int close_error = close_once(fd);
  if (error != 0) throw_io_error("cannot make durable", path, error);
  if (close_error != 0) throw_io_error("cannot close", path, close_error);  // mutant: folder-close-checked
}

void rename_path(const std::string& from, const std::string& to) {
  // mutant: rename-checked
  if (file_ops().rename(from.c_str(), to.c_str()) != 0) throw_io_error("cannot rename to", to, errno);
}

void remove_path(const std::string& path) {
  if (file_ops().remove(path.c_str()) == 0 || errno == ENOENT) return;
  // mutant: remove-checked
  if (errno != ENOTEMPTY && errno != EEXIST) throw_io_error("cannot remove", path, errno);
  std::vector<std::string> names;
  const int error = list_folder(path, names);  // a folder that nobody can look into is "not empty" to remove
  if (error != 0 && error != ENOENT) throw_io_error("cannot remove", path, error);
  for (const std::string& name : names) remove_path(join_path(path, name));
  if (file_ops().remove(path.c_str()) != 0 && errno != ENOENT) throw_io_error("cannot remove", path, errno);
}

void require_removable(const std::string& folder) {
  if (!is_folder(folder)) return;
  if (::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return;
  throw_io_error("cannot remove", folder, errno);
}

void remove_temporaries(const std::string& folder) {
  std::vector<std::string> stale = names_in(folder);
  // mutant: leftovers-removed
  std::erase_if(stale, [](const std::string& name) { return !name.starts_with(kTemporaryPrefix); });
  // mutant: fsync-before-removal
  if (!stale.empty()) sync_folder(folder);  // they have these names for good
  for (const std::string& name : stale) remove_path(join_path(folder, name));
}

std::string temporary_path(const std::string& folder, const std::string& name) {
  return join_path(folder, temporary_prefix(name) + std::to_string(::getpid()));
}

std::vector<std::string> stale_temporaries(const std::string& path) {
  const std::string folder = parent_of(path), prefix = temporary_prefix(name_of(path));
  std::vector<std::string> stale;
  for (const std::string& name : names_in(folder))
    if (name.starts_with(prefix) && is_gone(std::string_view(name).substr(prefix.size())))
      stale.push_back(join_path(folder, name));
  return stale;
}

void remove_stale_temporaries(const std::string& path) {
  for (const std::string& left : stale_temporaries(path)) {
    try {
      remove_leftover(left);
    } catch (const IoError&) {  // another user's, say: nothing reads it
    }
  }
}

}  // namespace thalweg
