#pragma once
// Where the tensors of a shard lie in its file, which follows from what the manifest says of it.
#include <cstdint>
#include <string>

#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Features, or the offsets of sparse rows, begin at a multiple of it.
constexpr std::int64_t kShardPage = 4096;
/// The bytes of a file that have one checksum.
constexpr std::int64_t kShardPiece = std::int64_t{1} << 20;

/// Positions in bytes from the beginning of the file; y and w come first.
struct ShardLayout {
  std::string header;  ///< the file begins with it
  std::int64_t y = 0, w = 0;
  std::int64_t x = 0;                                 ///< dense
  std::int64_t offsets = 0, columns = 0, values = 0;  ///< sparse
  std::int64_t blocks = 0, frames = 0;                ///< compressed, instead of x, or columns and values
  std::int64_t bytes = 0;                             ///< of the file
};

/// "shard-00000.safetensors" and so on.
std::string shard_name(std::int64_t index);
/// Bytes of the features of dense rows, or offsets and entries of sparse ones; nothing beyond is counted.
std::int64_t feature_bytes(const ShardForm& form, std::int64_t rows, std::int64_t entries);
/// Whether a file can hold so many; shard_layout is for those.
bool shard_is_possible(const ShardForm& form, std::int64_t rows, std::int64_t entries);
/// By the first row, rows, entries and packed bytes of the entry.
ShardLayout shard_layout(const ShardForm& form, const ShardEntry& shard);
/// Rows of a frame; the last one of a shard may have fewer.
std::int64_t packed_rows(const ShardForm& form);
/// Bytes of the frames of so many rows before they are compressed.
std::int64_t packed_bytes(const ShardForm& form, std::int64_t rows, std::int64_t entries);

}  // namespace thalweg
