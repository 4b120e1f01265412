#include "host/data/shards/shard_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "host/checkpoint/checksum.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Memory that a direct read can fill: a piece, which begins on a page.
char* piece_buffer() {
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<char, Free> buffer;
  if (buffer == nullptr) buffer.reset(static_cast<char*>(std::aligned_alloc(kShardPage, kShardPiece)));
  if (buffer == nullptr) throw std::bad_alloc();
  return buffer.get();
}

std::string text_of(RowSpan rows) {
  return fmt::format("rows {} to {}", rows.first, rows.first + rows.count - 1);
}

}  // namespace

ShardFile::ShardFile(std::string path, const ShardEntry& entry)
    : path_(std::move(path)), entry_(entry), bytes_(static_cast<std::int64_t>(entry.bytes)) {
  verified_ = std::make_unique<std::atomic<bool>[]>(entry.pieces.size());
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  fd_ = ::open(path_.c_str(), kFlags | O_DIRECT);
  if (fd_ < 0 && errno == EINVAL) {  // the file system has no such reads
    direct_ = false;
    fd_ = ::open(path_.c_str(), kFlags);
  }
  if (fd_ < 0 && errno == ENOENT) throw DataError(fmt::format("{}: this shard of the set is missing", path_));
  if (fd_ < 0) throw IoError(fmt::format("{}: cannot be opened: {}", path_, std::strerror(errno)));
  struct stat status {};
  const bool known = ::fstat(fd_, &status) == 0;
  if (known && S_ISREG(status.st_mode) && status.st_size == bytes_) return;
  ::close(fd_);
  if (!known || !S_ISREG(status.st_mode)) throw DataError(fmt::format("{}: is not a file", path_));
  throw DataError(fmt::format("{}: has {} bytes; its manifest says {}", path_, status.st_size, bytes_));
}

ShardFile::~ShardFile() { ::close(fd_); }

void ShardFile::fill(char* buffer, std::int64_t at, std::int64_t size, RowSpan rows) const {
  const std::int64_t wanted = std::min(size, bytes_ - at);
  for (std::int64_t done = 0; done < wanted;) {
    const bool direct = direct_.load(std::memory_order_acquire);
    const ssize_t got =
        ::pread(fd_, buffer + done, static_cast<std::size_t>(size - done), static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EINVAL && direct) {  // it takes such a file, but not such reads
      ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) & ~O_DIRECT);
      direct_.store(false, std::memory_order_release);  // after it: who sees this may take EINVAL as final
      continue;
    }
    if (got < 0)
      throw IoError(fmt::format("{}: {} cannot be read at byte {}: {}", path_, text_of(rows), at + done,
                                std::strerror(errno)));
    if (got == 0)
      throw DataError(
          fmt::format("{}: it ended at byte {} as {} were read", path_, at + done, text_of(rows)));
    done += got;
  }
}

void ShardFile::verify(std::int64_t piece, std::string_view bytes, RowSpan rows) const {
  const auto p = static_cast<std::size_t>(piece);
  if (checksum64(bytes) != entry_.pieces[p]) {  // mutant: piece-compared
    const std::int64_t begin = piece * kShardPiece;
    throw DataError(
        fmt::format("{}: damaged: bytes {} to {} are not what was written (found as {} were read)", path_,
                    begin, begin + std::ssize(bytes) - 1, text_of(rows)));
  }
  verified_[p].store(true, std::memory_order_relaxed);
}

void ShardFile::read(std::int64_t at, std::int64_t size, void* to, RowSpan rows) const {
  char* const buffer = piece_buffer();
  auto* out = static_cast<char*>(to);
  for (std::int64_t end = at + size; at < end;) {
    const std::int64_t piece = at / kShardPiece, piece_begin = piece * kShardPiece;
    const std::int64_t piece_end = std::min(piece_begin + kShardPiece, bytes_);
    const std::int64_t stop = std::min(end, piece_end);
    // The whole piece for its checksum, later the pages alone.
    const bool seen = verified_[static_cast<std::size_t>(piece)].load(std::memory_order_relaxed);
    const std::int64_t first = seen ? at / kShardPage * kShardPage : piece_begin;
    const std::int64_t last =
        seen ? (stop + kShardPage - 1) / kShardPage * kShardPage : piece_begin + kShardPiece;
    fill(buffer, first, last - first, rows);
    // mutant: piece-verified-first
    if (!seen) verify(piece, {buffer, static_cast<std::size_t>(piece_end - piece_begin)}, rows);
    std::memcpy(out, buffer + (at - first), static_cast<std::size_t>(stop - at));
    out += stop - at;
    at = stop;
  }
}

}  // namespace thalweg
