// What files.hpp says of paths: what they are called, what they lead to, and whole files read.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/system_error.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

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
  throw_io_error("cannot follow", path, ELOOP);
}

}  // namespace

void throw_io_error(const char* action, std::string_view path, int error) {
  throw IoError(fmt::format("{} {}: {}", action, path, std::strerror(error)));
}

int list_folder(const std::string& folder, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (entries == nullptr) return errno;
  while (const dirent* const entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return 0;
}

std::string replaceable_file(const std::string& path) {
  const std::string file = end_of_links(path);
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("cannot replace {}: not a regular file", file));
  }
  return file;
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
  if (got < 0) throw_io_error("cannot read", path, error);
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

}  // namespace thalweg
