#pragma once
// The order of an epoch by blocks (docs/numerics.md, "Order of an epoch"). The rows of any batch, and those
// of any window, are there at once, without a list of all. A rank is a place in EpochBatches::rows().
#include <cstdint>
#include <vector>

#include "kernels/base/feistel.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/epoch_batches.hpp"

namespace thalweg {

/// The ranks first, first + 1, .. first + count - 1.
struct RankRun {
  std::int64_t first = 0, count = 0;
  bool operator==(const RankRun&) const = default;
};

/// The windows begin, begin + 1, .. end - 1 of a slice.
struct WindowRange {
  std::int64_t begin = 0, end = 0;
  bool operator==(const WindowRange&) const = default;
};

/// One epoch of batches in blocks. Windows of a slice are numbered from 0 in the order in which its batches
/// need them: a loader reads them ahead one after the other, each of them once.
class BlockedEpoch {
 public:
  /// `batches.block_order()` has blocks.
  BlockedEpoch(const EpochBatches& batches, std::int64_t epoch);

  /// The ranks of batch `batch` of the epoch, in its order.
  void fill(std::int64_t batch, std::int64_t* ranks) const;

  /// Windows of slice `slice` in the epoch.
  std::int64_t windows(int slice) const;
  /// The windows that hold the rows of slice `slice` of batch `batch`; begin == end: it has none.
  WindowRange windows_of(int slice, std::int64_t batch) const;
  /// The ranks that window `window` of slice `slice` holds, a run for each block or part of one.
  std::vector<RankRun> window(int slice, std::int64_t window) const;

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
  void ranks_at(std::int64_t* positions, std::int64_t count) const;

  std::int64_t rows_, block_rows_, window_rows_;
  std::int64_t full_batches_, batch_size_, short_batch_;  ///< short_batch_: rows; 0: there is none
  int slices_;
  std::uint64_t seed_, epoch_;
  Feistel blocks_;                       ///< the block at each slot of the sequence
  std::int64_t short_slot_, short_gap_;  ///< slot of the last block; rows that it lacks
};

}  // namespace thalweg
