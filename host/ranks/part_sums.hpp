#pragma once
// A batch that is summed in parts, each a batch of its own: nodes of the slice tree, left to right. Each sum
// is added to its neighbour's as soon as both are there, as a binary counter carries. So few are kept.
#include <functional>
#include <span>
#include <vector>

#include "host/ranks/slice_owners.hpp"

namespace thalweg {

struct BatchPart {
  RowsOfBatch rows;
  int slices = 0;
  std::int64_t rows_end = 0;  ///< where the rows of the last part end
};

struct PartsOfBatch {
  std::int64_t rows = 0;  ///< of the batch
  int slices = 0;         ///< of the batch
  std::vector<SliceRange> nodes;
  std::int64_t most_rows = 0;  ///< of a part with more than one slice
};

/// The most sums of parts of `owned` that are kept at a time, whatever the rows: those of single slices.
int most_part_sums(int slices, SliceRange owned);

/// Leaves the sum of a part in memory.
using SumPart = std::function<void(const BatchPart& part, float* sum)>;
/// The additions that follow a part (fold.hpp).
using AddSums = std::function<void(std::span<const TreeProgram::Add> adds, std::span<float* const> sums)>;

/// Runs the parts in `places`: most_part_sums pieces of memory. Returns the sum of each node; that of all
/// slices is at the first place.
std::vector<float*> sum_parts(const PartsOfBatch& batch, std::span<float* const> places, const SumPart& run,
                              const AddSums& add);

}  // namespace thalweg
