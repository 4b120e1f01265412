#pragma once
// Sparse rows of one shard.
#include <cstdint>

#include "host/data/row_store.hpp"
#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_layout.hpp"

namespace thalweg {

struct SparseShard {
  const ShardEntry& shard;
  const ShardLayout& layout;
  const StoredForm& form;
  std::int64_t block_rows = 0;  ///< of a frame; 0: the entries are not compressed
};

/// Appends `count` rows, counted from the first of the shard. A shard may say anything that has the right
/// checksum, so what indexes memory later is checked: offsets and columns ascend and are in range.
void read_sparse_rows(const ShardFile& file, const SparseShard& of, std::int64_t row, std::int64_t count,
                      FeatureRows& to);

}  // namespace thalweg
