#pragma once
// The rows of the shard that is being written.
#include <cstdint>
#include <span>
#include <vector>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/data/row_store.hpp"
#include "host/data/shards/packed_rows.hpp"
#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Each of `weights` and `targets` is empty where the form has none.
class ShardBuffer {
 public:
  ShardBuffer(const ShardForm& form, std::int64_t shard_bytes);

  /// How many of `count` dense rows the shard takes; at least one where it has none.
  std::int64_t room(std::int64_t count) const;
  /// Whether it takes a sparse row of so many entries.
  bool has_room_for(std::int64_t entries) const;
  /// The bytes of whole dense rows.
  void add_dense(std::span<const std::byte> rows, std::int64_t count);
  void add_sparse(std::span<const std::int32_t> columns, std::span<const float> values);
  void add_targets(std::span<const float> targets, std::span<const float> weights);

  std::int64_t rows() const { return rows_; }
  /// Gives the memory back; the rows go.
  void release() { *this = ShardBuffer(form_, most_bytes_); }
  /// Writes the shard that begins with row `first_row` of the set, and empties the buffer.
  ShardEntry write(AtomicFolder& folder, std::int64_t index, std::int64_t first_row);

 private:
  PackedBlocks pack() const;
  void clear();

  ShardForm form_;
  std::int64_t most_bytes_, rows_ = 0;
  std::vector<float> y_, w_, values_;
  std::vector<std::byte> x_;
  std::vector<std::int64_t> offsets_{0};
  std::vector<std::int32_t> columns_;
};

}  // namespace thalweg
