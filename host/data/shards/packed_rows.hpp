#pragma once
// Features of a shard as zstd frames, one for each block of rows (docs/shards.md).
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_layout.hpp"

namespace thalweg {

/// Frames, end to end, and where each begins; the last number is their size.
struct PackedBlocks {
  std::string frames;
  std::vector<std::int64_t> begins{0};

  /// Adds a block. Equal bytes give equal frames, by one version of zstd.
  void add(std::string_view bytes);
};

/// The blocks of one shard.
struct PackedShard {
  const ShardFile& file;
  const ShardEntry& entry;
  const ShardLayout& layout;
  std::int64_t block_rows;
};

/// Unpacks a block to `bytes`, which are as many as it has. Throws DataError naming the file and the rows for
/// a frame that is not what a writer makes.
void unpack_block(const PackedShard& shard, std::int64_t block, std::span<std::byte> bytes);

/// Unpacks dense rows, counted from the first of the shard. Blocks that are read in part are unpacked whole.
void unpack_rows(const PackedShard& shard, std::int64_t row, std::int64_t count, std::int64_t row_bytes,
                 std::byte* to);

}  // namespace thalweg
