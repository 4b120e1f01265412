#include "host/data/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "host/data/data_files.hpp"
#include "host/data/path_hint.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr int kSilenceMs = 1000;
constexpr std::int64_t kLargestRead = std::int64_t{1} << 30;  // below the 2 GiB that one read may give

/// Returns the file that `path` names: "-" is the standard input, as in most programs.
std::string place_of(const std::string& path) { return path == "-" ? "/dev/stdin" : path; }

/// The descriptor of ours that `path` names, else -1.
int descriptor_in(const std::string& path) {
  if (path == "/dev/stdin") return STDIN_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int fd = -1;
    const char* const end = path.data() + path.size();
    const auto [stop, error] = std::from_chars(path.data() + folder.size(), end, fd);
    if (error == std::errc() && stop == end) return fd;
  }
  return -1;
}

/// Does not wait: who opens a pipe may be slow, and that is told. A socket has no path that can be opened.
int open_at_once(const std::string& path) {
  const int fd = ::open(place_of(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0 || errno != ENXIO) return fd;  // mutant: socket-readable
  const int ours = descriptor_in(place_of(path));
  return ours < 0 ? fd : ::fcntl(ours, F_DUPFD_CLOEXEC, 0);
}

int open_or_throw(const std::string& path) {
  const int fd = open_at_once(path);
  if (fd >= 0) return fd;
  if (errno == ENOENT || errno == ENOTDIR)
    throw NoInputError(fmt::format("{}: no such file{}", path, hint_at_path(path)));
  throw IoError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// Returns the kind of `path` if it gives its bytes only once: a pipe or a socket.
std::optional<struct stat> pipe_at(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(place_of(path).c_str(), &status) != 0) return std::nullopt;
  const bool once = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);  // mutant: socket-once
  return once ? std::optional(status) : std::nullopt;
}

}  // namespace

InputFile::InputFile(const std::string& path, const ReadProgress& progress)
    : path_(path), progress_(progress), fd_(open_or_throw(path)) {
  try {
    opened_ = status();
    if (S_ISDIR(opened_.st_mode))
      throw NoInputError(fmt::format("{} is a folder; want a file of data", path));
    wait_for_bytes();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

InputFile::~InputFile() { ::close(fd_); }

struct stat InputFile::status() const {
  struct stat now {};
  if (::fstat(fd_, &now) != 0) throw IoError(fmt::format("{}: {}", path_, std::strerror(errno)));
  return now;
}

bool InputFile::readable_within(int milliseconds) const {
  pollfd wanted{fd_, POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&wanted, 1, milliseconds);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) throw IoError(fmt::format("{}: {}", path_, std::strerror(errno)));
  }
}

/// Before a pipe has a writer, reading it would look like its end. A regular file is ready at once.
void InputFile::wait_for_bytes() {
  if (readable_within(kSilenceMs)) return;  // mutant: writer-awaited
  if (progress_ && !std::exchange(told_of_waiting_, true))
    progress_(path_, taken_, kWaiting);  // mutant: wait-reported
  readable_within(-1);
}

/// Returns 0 at the end.
std::int64_t InputFile::read_once(char* to, std::int64_t count) {
  while (!ended_) {
    if (!regular()) wait_for_bytes();
    const ssize_t got = ::read(fd_, to, static_cast<std::size_t>(std::min(count, kLargestRead)));
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw IoError(fmt::format("{}: {}", path_, std::strerror(errno)));
    if (got == 0) require_unchanged();
    ended_ = got == 0 && !regular();
    taken_ += got;
    if (size() > 0 && taken_ > size()) changed(status().st_size);  // mutant: growth-noticed
    return got;
  }
  return 0;
}

std::int64_t InputFile::read(void* to, std::int64_t count) {
  std::int64_t done = 0;
  while (done < count) {
    const std::int64_t got = read_once(static_cast<char*>(to) + done, count - done);
    if (got == 0) break;
    done += got;
  }
  return done;
}

std::int64_t InputFile::read_ready(void* to, std::int64_t count) {
  if (regular()) return read(to, count);
  std::int64_t done = 0;
  while (done < count && (done == 0 || is_ready())) {
    const std::int64_t got = read_once(static_cast<char*>(to) + done, count - done);
    if (got == 0) break;
    done += got;
  }
  return done;
}

std::string InputFile::read_at(std::int64_t offset, std::int64_t count) const {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(fd_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw IoError(fmt::format("{}: cannot be read at byte {}: {}", path_, offset, std::strerror(errno)));
    if (got == 0) changed(status().st_size);  // mutant: cut-noticed
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

void InputFile::require_unchanged() const {
  if (!regular()) return;  // mutant: change-checked
  const struct stat now = status();
  // mutant: size-and-time
  if (now.st_size != opened_.st_size || !same_time(now.st_mtim, opened_.st_mtim)) changed(now.st_size);
}

void InputFile::changed(std::int64_t size) const {
  const std::string how = size == opened_.st_size
                              ? "its bytes were written anew"
                              : fmt::format("it had {} bytes at first and then {}", opened_.st_size, size);
  throw DataError(
      fmt::format("{} changed while it was read: {}; want a file that nothing writes to", path_, how));
}

bool names_pipe(const std::string& setting) {
  const std::vector<std::string> paths = listed_paths(setting);
  return std::any_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return path == "-" || pipe_at(path); });
}

void require_pipes_once(const std::vector<std::string>& settings) {
  std::vector<std::string> paths;
  for (const std::string& setting : settings)
    for (std::string& path : listed_paths(setting)) paths.push_back(std::move(path));
  if (std::count(paths.begin(), paths.end(), "-") > 1)
    throw ConfigError("- is wanted twice, and standard input comes once; want a file for each other use");
  std::vector<struct stat> seen;
  for (const std::string& path : paths) {
    const std::optional<struct stat> pipe = pipe_at(path);
    if (!pipe) continue;
    const struct stat& status = *pipe;
    for (const struct stat& other : seen)
      if (other.st_dev == status.st_dev && other.st_ino == status.st_ino)  // mutant: pipe-once
        throw ConfigError(fmt::format(
            "{} is wanted twice, and the bytes of a pipe come once; want a file, or a pipe for each use",
            path));
    seen.push_back(status);
  }
}

}  // namespace thalweg
