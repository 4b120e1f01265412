#include "host/checkpoint/leftover_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

struct Reading {
  explicit Reading(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Reading() {
    if (fd >= 0) ::close(fd);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  /// Whether these bytes come next.
  bool next_is(std::string_view bytes, char* buffer, std::size_t size) const {
    while (!bytes.empty()) {
      const ssize_t got = ::read(fd, buffer, std::min(size, bytes.size()));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      const auto count = static_cast<std::size_t>(got);
      if (std::string_view(buffer, count) != bytes.substr(0, count)) return false;
      bytes.remove_prefix(count);
    }
    return true;
  }

  const int fd;
};

}  // namespace

bool take_over_leftover(const std::string& path, const std::string& temporary) {
  // A container gives its processes the same numbers again.
  if (is_folder(temporary)) return true;
  std::string fullest;
  std::size_t most = 0;
  for (const std::string& left : stale_temporaries(path)) {
    const std::size_t files = names_in(left).size();
    if (files <= most) continue;
    most = files;
    fullest = left;
  }
  if (most == 0) return false;
  try {
    rename_path(fullest, temporary);
  } catch (const IoError&) {  // another user's, or another process was first
    return false;
  }
  return true;
}

bool file_holds(const std::string& path, std::span<const std::string_view> parts) {
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  std::uint64_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (file_size(path) != size) return false;
  const Reading file(path);
  const auto buffer = std::make_unique<char[]>(kBuffer);
  for (const std::string_view part : parts)
    if (!file.next_is(part, buffer.get(), kBuffer)) return false;
  return true;
}

FolderHold::FolderHold(const std::string& folder, std::string_view shown) : fd_(open_folder(folder)) {
  while (file_ops().flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return;  // no locks here
    file_ops().close(fd_);
    throw IoError(fmt::format("cannot write {}: it is being written already", shown));
  }
}

FolderHold::~FolderHold() { file_ops().close(fd_); }

}  // namespace thalweg
