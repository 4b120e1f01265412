#pragma once
// Sums over the batch (docs/numerics.md, "Sums over the batch"). The global batch of batch_rows rows is cut
// into `slices` contiguous slices; each sum is one chain over the rows of a slice in order, then a fixed
// binary tree over the slices. A call may hold only part of the batch (a micro-batch): it continues the
// chains.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

constexpr int kMaxSlices = 64;

struct BatchSlices {
  std::int64_t batch_rows = 0;  ///< rows of the global batch
  std::int64_t first = 0;       ///< position in the global batch of row 0 of this call
  std::int64_t rows = 0;        ///< rows of this call
  int slices = 8;

  THALWEG_HD constexpr std::int64_t begin(int s) const { return batch_rows * s / slices; }
  THALWEG_HD constexpr bool whole() const { return rows == batch_rows; }
  THALWEG_HD constexpr bool last() const { return first + rows == batch_rows; }
  /// Rows of slice s that this call brings, counted within the call: [call_begin(s), call_end(s)).
  THALWEG_HD constexpr std::int64_t call_begin(int s) const { return clamp(begin(s)); }
  THALWEG_HD constexpr std::int64_t call_end(int s) const { return clamp(begin(s + 1)); }
  /// Whether an earlier call has already begun the chain of slice s.
  THALWEG_HD constexpr bool continues(int s) const { return begin(s) < first && begin(s + 1) > first; }

 private:
  THALWEG_HD constexpr std::int64_t clamp(std::int64_t position) const {
    const std::int64_t local = position - first;
    return local < 0 ? 0 : local > rows ? rows : local;
  }
};

constexpr BatchSlices whole_batch(std::int64_t rows, int slices = 8) { return {rows, 0, rows, slices}; }

/// The output of a sum over the batch. If a call does not hold the whole batch, the chain of slice s is at
/// partials + s * partial_stride between calls. The last call runs the tree and writes `sum`.
struct BatchSum {
  float* sum = nullptr;
  float* partials = nullptr;  ///< null is allowed when every call brings the whole batch
  std::int64_t partial_stride = 0;
};

/// Scratch floats that the column_sums of a backend needs for `sums` sums: a call that holds the whole batch
/// keeps the chains there.
constexpr std::int64_t column_sums_scratch(const BatchSlices& slices, std::int64_t cols, int sums) {
  return slices.whole() ? std::int64_t{slices.slices} * cols * sums : 0;
}

/// The tree over slices, in place: neighbours are added pairwise, level by level; an odd last one passes
/// through. T is float, or a vector of floats for as many sums side by side.
template <class T>
THALWEG_HD T slice_tree(T* partial, int slices) {
  for (int count = slices; count > 1; count = (count + 1) / 2) {
    for (int i = 0; i < count / 2; ++i) partial[i] = partial[2 * i] + partial[2 * i + 1];
    if (count % 2 == 1) partial[count / 2] = partial[count - 1];
  }
  return partial[0];
}

}  // namespace thalweg
