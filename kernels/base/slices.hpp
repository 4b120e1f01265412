#pragma once
// Sums over the batch (docs/numerics.md, "Sums over the batch"). The global batch of batch_rows rows is cut
// into `slices` contiguous slices; each sum is one chain over the rows of a slice in order, then a fixed
// binary tree over the slices. A call may hold only part of the batch (a micro-batch): it continues the
// chains.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

constexpr int kMaxSlices = 64;  ///< of a call

/// When the slices of a batch are added up.
enum class SliceFinish {
  here,   ///< in this call: the tree runs over the chains of all slices and gives the sum
  later,  ///< in a later call, which finds the chains in the partials
};

struct BatchSlices {
  std::int64_t batch_rows = 0;  ///< rows of the global batch
  std::int64_t first = 0;       ///< position in the global batch of row 0 of this call
  std::int64_t rows = 0;        ///< rows of this call
  int slices = 8;

  THALWEG_HD constexpr std::int64_t begin(int s) const { return batch_rows * s / slices; }
  /// Whether this call brings the whole batch: no other call needs the chains.
  THALWEG_HD constexpr bool whole() const { return rows == batch_rows; }
  /// The call that brings the last row of the batch finishes its sums. Every op asks here, and nowhere else.
  THALWEG_HD constexpr SliceFinish finish() const {
    return first + rows == batch_rows ? SliceFinish::here : SliceFinish::later;
  }
  /// Bit s: slice s has rows. One without counts as +0.
  THALWEG_HD constexpr std::uint64_t with_rows() const {
    std::uint64_t bits = 0;
    for (int s = 0; s < slices; ++s) bits |= std::uint64_t{begin(s) != begin(s + 1)} << s;
    return bits;
  }
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
/// partials + s * partial_stride between calls. The call that finishes runs the tree and writes `sum`.
struct BatchSum {
  float* sum = nullptr;
  float* partials = nullptr;  ///< null where each call brings the whole batch; of one slice it may be `sum`
  std::int64_t partial_stride = 0;

  THALWEG_HD constexpr float* chain(int s) const { return partials + s * partial_stride; }
};

/// The tree over slices: level by level, of two neighbouring subtrees the left one takes in the right one; an
/// odd last one passes through. A subtree stands in the place of its first slice.
///
/// Climbs from slice `slice`, whose chain is complete, towards the root: add(left, right) for each pair of
/// subtrees on the way. It ends at the first pair of which complete(right) says that the other half is
/// missing. Returns whether it reached the root, that is, whether the sum is there.
template <class Complete, class Add>
THALWEG_HD bool climb_slice_tree(int slices, int slice, const Complete& complete, const Add& add) {
  for (int width = 1; width < slices; width *= 2) {
    const int left = slice & -(2 * width), right = left + width;
    if (right >= slices) continue;  // mutant: odd-slice
    if (!complete(right)) return false;
    add(left, right);
  }
  return true;
}

}  // namespace thalweg
