#pragma once
// One file of a set of shards, open for reading.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/data/shards/shard_descriptor.hpp"
#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Rows of the set, for messages.
struct RowSpan {
  std::int64_t first = 0, count = 0;
};

/// The file is read past the page cache (O_DIRECT) where the file system takes that. Memory that the rows
/// need once would else push out memory that is needed again, and count against the limit of a container.
/// Many threads may read at the same time, without a lock. Each piece of a MiB is compared with its checksum
/// when it is touched for the first time.
class ShardFile {
 public:
  /// `entry` is the file's in its manifest, and outlives this. Throws DataError if the file is not there or
  /// has another size.
  ShardFile(std::string path, const ShardEntry& entry);

  /// Copies the bytes [at, at + size) of the file. Throws DataError for bytes that are not what was written,
  /// IoError if they cannot be read; both name the file and the rows that were wanted.
  void read(std::int64_t at, std::int64_t size, void* to, RowSpan rows) const;

  const std::string& path() const { return file_.path(); }

 private:
  /// Fills `buffer`, which is aligned, from a multiple of a page.
  void fill(int fd, char* buffer, std::int64_t at, std::int64_t size, RowSpan rows) const;
  void verify(std::int64_t piece, std::string_view bytes, RowSpan rows) const;

  const ShardDescriptor file_;
  const ShardEntry& entry_;
  const std::int64_t bytes_;
  std::unique_ptr<std::atomic<bool>[]> verified_;  ///< by piece
};

}  // namespace thalweg
