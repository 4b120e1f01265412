#include "host/data/shards/shard_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
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

/// Memory of each thread. The key frees it when its thread ends: where memory is short, a thread_local with a
/// destructor ends the process.
class PieceBuffers {
 public:
  PieceBuffers() {
    if (::pthread_key_create(&key_, &std::free) != 0)
      throw InternalError("no key is left for the buffers that shards are read into");
  }

  /// A piece, which begins on a page, as a direct read wants it.
  char* of_this_thread() const {
    if (void* const memory = ::pthread_getspecific(key_); memory != nullptr)
      return static_cast<char*>(memory);
    void* const memory = std::aligned_alloc(kShardPage, kShardPiece);
    if (memory == nullptr || ::pthread_setspecific(key_, memory) != 0) {
      std::free(memory);
      throw std::bad_alloc();
    }
    return static_cast<char*>(memory);
  }

 private:
  pthread_key_t key_{};
};

char* piece_buffer() {
  static const PieceBuffers buffers;
  return buffers.of_this_thread();
}

std::string text_of(RowSpan rows) {
  return fmt::format("rows {} to {}", rows.first, rows.first + rows.count - 1);
}

}  // namespace

ShardFile::ShardFile(std::string path, const ShardEntry& entry)
    : file_(std::move(path), static_cast<std::int64_t>(entry.bytes)),
      entry_(entry),
      bytes_(static_cast<std::int64_t>(entry.bytes)),
      verified_(std::make_unique<std::atomic<bool>[]>(entry.pieces.size())) {}

void ShardFile::fill(int fd, char* buffer, std::int64_t at, std::int64_t size, RowSpan rows) const {
  const std::int64_t wanted = std::min(size, bytes_ - at);
  bool tried = false;
  for (std::int64_t done = 0; done < wanted;) {
    const ssize_t got =
        ::pread(fd, buffer + done, static_cast<std::size_t>(size - done), static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    // The file system may take such a file, but not such reads. Another thread may have seen it already.
    if (got < 0 && errno == EINVAL && !std::exchange(tried, true)) {
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_DIRECT);
      continue;
    }
    if (got < 0)
      throw IoError(fmt::format("{}: {} cannot be read at byte {}: {}", path(), text_of(rows), at + done,
                                std::strerror(errno)));
    if (got == 0)
      throw DataError(
          fmt::format("{}: it ended at byte {} as {} were read", path(), at + done, text_of(rows)));
    done += got;
  }
}

void ShardFile::verify(std::int64_t piece, std::string_view bytes, RowSpan rows) const {
  const auto p = static_cast<std::size_t>(piece);
  if (checksum64(bytes) != entry_.pieces[p]) {  // mutant: piece-compared
    const std::int64_t begin = piece * kShardPiece;
    throw DataError(
        fmt::format("{}: damaged: bytes {} to {} are not what was written (found as {} were read)", path(),
                    begin, begin + std::ssize(bytes) - 1, text_of(rows)));
  }
  verified_[p].store(true, std::memory_order_relaxed);
}

void ShardFile::read(std::int64_t at, std::int64_t size, void* to, RowSpan rows) const {
  char* const buffer = piece_buffer();
  const ShardDescriptor::Use file(file_);
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
    fill(file.fd(), buffer, first, last - first, rows);
    // mutant: piece-verified-first
    if (!seen) verify(piece, {buffer, static_cast<std::size_t>(piece_end - piece_begin)}, rows);
    std::memcpy(out, buffer + (at - first), static_cast<std::size_t>(stop - at));
    out += stop - at;
    at = stop;
  }
}

}  // namespace thalweg
