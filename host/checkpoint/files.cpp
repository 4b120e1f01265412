#include "host/checkpoint/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "host/checkpoint/file_ops.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

int system_open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }

std::atomic<const FileOps*> ops_in_use{&system_file_ops};

[[noreturn]] void fail(const char* action, std::string_view path, int error) {
  throw IoError(fmt::format("{} {}: {}", action, path, std::strerror(error)));
}

int open_file(const char* action, const std::string& path, int flags, const std::string& shown) {
  for (;;) {
    const int fd = file_ops().open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EINTR) fail(action, shown, errno);  // mutant: open-repeated
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

/// The most links that Linux follows (path_resolution(7)).
constexpr int kMostLinks = 40;

std::string end_of_links(std::string path) {
  for (int followed = 0; followed <= kMostLinks; ++followed) {
    char target[PATH_MAX];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    if (length < 0) return path;
    const std::string_view next(target, static_cast<std::size_t>(length));
    path = next.starts_with('/') ? std::string(next) : join_path(parent_of(path), next);
  }
  fail("cannot follow", path, ELOOP);
}

/// Adds what lies in a folder to `names`; gives 0 or the system's error.
int list_folder(const std::string& folder, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (entries == nullptr) return errno;
  while (const dirent* const entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return 0;
}

}  // namespace

const FileOps system_file_ops = {&system_open, &::write, &::fsync,  &::close,
                                 &::rename,    &::mkdir, &::remove, &::flock};

const FileOps& file_ops() { return *ops_in_use.load(); }

ScopedFileOps::ScopedFileOps(const FileOps& ops) : before_(ops_in_use.exchange(&ops)) {}
ScopedFileOps::~ScopedFileOps() { ops_in_use.store(before_); }

void write_fully(int descriptor, std::string_view bytes, std::string_view shown) {
  while (!bytes.empty()) {
    const ssize_t written = file_ops().write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));  // mutant: short-write-continued
    } else if (written < 0 && errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (written == 0 || errno != EINTR) {                   // mutant: write-repeated
      fail("cannot write", shown, written == 0 ? ENOSPC : errno);  // a write that takes nothing would loop
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
  if (file_ops().fsync(fd_) != 0) fail("cannot make durable", shown_, errno);  // mutant: fsync-checked
}

void OutputFile::close() {
  const int error = close_once(std::exchange(fd_, -1));
  if (error != 0) fail("cannot close", shown_, error);  // mutant: close-checked
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

std::string replaceable_file(const std::string& path) {
  const std::string file = end_of_links(path);
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("cannot replace {}: not a regular file", file));
  }
  return file;
}

void create_folder(const std::string& path) {
  // mutant: mkdir-checked
  if (file_ops().mkdir(path.c_str(), 0777) != 0) fail("cannot create folder", path, errno);
}

void create_folders(const std::string& path) {
  if (is_folder(path)) return;
  const std::string parent = parent_of(path);
  if (parent != path) create_folders(parent);
  if (file_ops().mkdir(path.c_str(), 0777) != 0) {
    const int error = errno;
    if (error != EEXIST || !is_folder(path)) fail("cannot create folder", path, error);
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
  if (error != 0) fail("cannot make durable", path, error);
  if (close_error != 0) fail("cannot close", path, close_error);  // mutant: folder-close-checked
}

void rename_path(const std::string& from, const std::string& to) {
  // mutant: rename-checked
  if (file_ops().rename(from.c_str(), to.c_str()) != 0) fail("cannot rename to", to, errno);
}

void remove_path(const std::string& path) {
  if (file_ops().remove(path.c_str()) == 0 || errno == ENOENT) return;
  if (errno != ENOTEMPTY && errno != EEXIST) fail("cannot remove", path, errno);  // mutant: remove-checked
  std::vector<std::string> names;
  const int error = list_folder(path, names);  // a folder that nobody can look into is "not empty" to remove
  if (error != 0 && error != ENOENT) fail("cannot remove", path, error);
  for (const std::string& name : names) remove_path(join_path(path, name));
  if (file_ops().remove(path.c_str()) != 0 && errno != ENOENT) fail("cannot remove", path, errno);
}

void require_removable(const std::string& folder) {
  if (!is_folder(folder)) return;
  if (::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return;
  fail("cannot remove", folder, errno);
}

void remove_temporaries(const std::string& folder) {
  std::vector<std::string> stale = names_in(folder);
  // mutant: leftovers-removed
  std::erase_if(stale, [](const std::string& name) { return !name.starts_with(kTemporaryPrefix); });
  // mutant: fsync-before-removal
  if (!stale.empty()) sync_folder(folder);  // they have these names for good
  for (const std::string& name : stale) remove_path(join_path(folder, name));
}

bool path_exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::optional<std::uint64_t> file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  list_folder(folder, names);
  return names;
}

std::string read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    const std::string message = fmt::format("cannot open {}: {}", path, std::strerror(error));
    if (error == ENOENT || error == ENOTDIR) throw NoInputError(message);  // mutant: missing-is-no-input
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

std::string join_path(const std::string& folder, std::string_view name) {
  std::string path = folder;
  if (!path.empty() && path.back() != '/') path += '/';
  return path += name;
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  const std::size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

std::string temporary_path(const std::string& folder, const std::string& name) {
  return join_path(folder, temporary_prefix(name) + std::to_string(::getpid()));
}

void remove_stale_temporaries(const std::string& path) {
  const std::string folder = parent_of(path), prefix = temporary_prefix(name_of(path));
  for (const std::string& name : names_in(folder)) {
    if (!name.starts_with(prefix) || !is_gone(std::string_view(name).substr(prefix.size()))) continue;
    try {
      remove_path(join_path(folder, name));
    } catch (const IoError&) {  // another user's, say: nothing reads it
    }
  }
}

}  // namespace thalweg
