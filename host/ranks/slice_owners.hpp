#pragma once
// The slices that each rank owns, the nodes of the slice tree that cover them, and what is left of the tree
// to do (docs/ranks.md). The tree of kernels/base/slices.hpp, cut anywhere between two slices, is still that
// tree.
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// Slices [begin, end) of a batch.
struct SliceRange {
  int begin = 0, end = 0;
  bool operator==(const SliceRange&) const = default;
};

/// Rows [begin, end) of a batch.
struct RowsOfBatch {
  std::int64_t begin = 0, end = 0;
  bool operator==(const RowsOfBatch&) const = default;
};

/// The rows of a batch of `rows` rows, cut into `slices`, that a range of slices has.
RowsOfBatch rows_of(std::int64_t rows, int slices, SliceRange range);

/// What rank `rank` of `ranks` owns; 1 <= ranks <= slices.
SliceRange slices_of_rank(int slices, int ranks, int rank);

/// The largest nodes of the tree that lie in `owned`, left to right.
std::vector<SliceRange> cover(int slices, SliceRange owned);

/// The nodes, some of them in parts that are nodes, too: each, as a batch of its own, cuts its rows where the
/// batch of `rows` rows cuts them. A part of more than one slice has at most `most_rows` rows and kMaxSlices
/// slices, so that one call may bring it.
std::vector<SliceRange> own_batches(std::int64_t rows, int slices, std::span<const SliceRange> nodes,
                                    std::int64_t most_rows);

/// The additions of the tree above some nodes, its leaves. The value of a subtree stands where its first leaf
/// was.
struct TreeProgram {
  /// Leaf `to` = leaf `to` + leaf `from`.
  struct Add {
    int to, from;
    bool operator==(const Add&) const = default;
  };
  std::vector<std::vector<Add>> after;  ///< [leaf] that follow it, when the leaves come left to right
  std::vector<int> place;               ///< [leaf] memory for its value; values that are not needed share it
  int places = 0;
  std::vector<int> roots;  ///< leaves where the values stand that nothing is left to add to
};

/// `leaves` are nodes of the tree over `slices`, which follow each other without a gap.
TreeProgram tree_program(int slices, std::span<const SliceRange> leaves);

}  // namespace thalweg
