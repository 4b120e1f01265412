#pragma once
// The order of an epoch by blocks (docs/numerics.md, "Order of an epoch"). The rows of any batch are there at
// once, without a list of all. An index is one into EpochBatches::rows().
#include <cstdint>

#include "kernels/base/feistel.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/epoch_batches.hpp"

namespace thalweg {

/// One epoch of batches in blocks.
class BlockedEpoch {
 public:
  /// `batches.block_order()` has blocks.
  BlockedEpoch(const EpochBatches& batches, std::int64_t epoch);

  /// The indices of batch `batch` of the epoch, in its order.
  void fill(std::int64_t batch, std::int64_t* indices) const;

 private:
  /// A place in the sequence of blocks.
  struct BlockPlace {
    std::int64_t slot, offset;
  };
  /// Positions of the sequence of blocks, which one permutation mixes.
  struct Window {
    std::int64_t first, count;
    Feistel network;
  };

  BatchSlices slices_of(std::int64_t batch) const;
  std::int64_t slice_begin(int slice) const;
  Window window_at(int slice, std::int64_t window) const;
  void fill_slice(int slice, std::int64_t first, std::int64_t count, std::int64_t* positions) const;
  BlockPlace place_of(std::int64_t position) const;
  void indices_at(std::int64_t* positions, std::int64_t count) const;

  std::int64_t rows_, block_rows_, window_rows_;
  std::int64_t full_batches_, batch_size_, short_batch_;  ///< short_batch_: rows; 0: there is none
  int slices_;
  std::uint64_t seed_, epoch_;
  Feistel blocks_;                       ///< the block at each slot of the sequence
  std::int64_t short_slot_, short_gap_;  ///< slot of the last block; rows that it lacks
};

}  // namespace thalweg
