#include "host/checkpoint/leftover_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <utility>

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

/// Those with files in them, the one with most files first.
std::vector<std::string> fullest_first(const std::vector<std::string>& folders) {
  std::vector<std::pair<std::size_t, std::string>> counted;
  for (const std::string& folder : folders)
    if (const std::size_t files = names_in(folder).size(); files > 0) counted.emplace_back(files, folder);
  std::sort(counted.begin(), counted.end(), std::greater<>());
  std::vector<std::string> sorted;
  for (auto& [files, folder] : counted) sorted.push_back(std::move(folder));
  return sorted;
}

}  // namespace

FolderHold::FolderHold(const std::string& folder) : fd_(open_folder(folder)) {}

/// Not by file_ops: nothing was written, and whether it succeeds is of no consequence.
FolderHold::~FolderHold() { ::close(fd_); }

bool FolderHold::lock() { return try_lock(fd_, LOCK_EX) != EWOULDBLOCK; }

void FolderHold::wait() {
  while (file_ops().flock(fd_, LOCK_EX) != 0 && errno == EINTR) continue;
}

std::unique_ptr<FolderHold> hold_if_free(const std::string& folder) {
  auto hold = std::make_unique<FolderHold>(folder);
  return hold->lock() ? std::move(hold) : nullptr;
}

std::unique_ptr<FolderHold> hold_folder(const std::string& folder, std::string_view shown) {
  if (auto hold = hold_if_free(folder)) return hold;
  throw IoError(fmt::format("cannot write {}: it is being written already", shown));
}

std::unique_ptr<FolderHold> take_over_leftover(const std::string& path, const std::string& temporary) {
  // A container gives its processes the same numbers again.
  if (is_folder(temporary)) return hold_folder(temporary, path);
  for (const std::string& left : fullest_first(stale_temporaries(path))) {
    try {
      // Before the rename: a writer in another container keeps the name of its folder.
      auto hold = hold_if_free(left);
      if (!hold) continue;
      rename_path(left, temporary);
      return hold;
    } catch (const IoError&) {  // another user's, or another process was first
    }
  }
  return nullptr;
}

void remove_leftover(const std::string& left) {
  if (!is_folder(left)) return remove_path(left);
  if (const auto hold = hold_if_free(left)) remove_path(left);
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

}  // namespace thalweg
