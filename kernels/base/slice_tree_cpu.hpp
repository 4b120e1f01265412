#pragma once
// The tree over slices (kernels/base/slices.hpp) in the two other forms that the cpu needs, with the same
// additions. SliceCounter serves one thread that computes the slices in turn. SliceTree serves several
// threads: the one that finishes the second of two neighbours adds them, while they are in its cache.
#include "kernels/base/hd.hpp"
#include "kernels/base/slices.hpp"

#ifndef THALWEG_ISA
#error "slice_tree_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

/// One tree. A partial sum stands in the place of its leftmost slice.
class SliceTree {
 public:
  explicit SliceTree(int slices) : slices_(slices) {}

  /// Slice `slice` is done. Calls add(left, right) for each pair that is complete with it, and root() after
  /// the last addition of all.
  template <class Add, class Root>
  THALWEG_HD void finish(int slice, const Add& add, const Root& root) {
    int place = slice, width = 1;  // slot and width of the complete subtree
    for (int count = slices_; count > 1; count = (count + 1) / 2, width *= 2) {
      const int node = place / width;
      if (node % 2 == 0 && node == count - 1) continue;  // an odd last one passes through
      const int left = node / 2 * 2 * width, right = left + width;
      if (__atomic_fetch_add(&arrived_[right], 1, __ATOMIC_ACQ_REL) == 0)
        return;  // its neighbour is not done
      add(left, right);
      place = left;
    }
    root();
  }

 private:
  int slices_;
  int arrived_[kMaxSlices] = {};  ///< arrivals at each pair, indexed by its right slice
};

/// The slices' sum as carries of a binary counter: push(partial) after each slice, then finish. `Value` needs
/// add(left): *this = left + *this.
template <class Value, int kDepth = 7>
struct SliceCounter {
  Value stack[kDepth];
  int depth = 0;
  int pushed = 0;

  /// Takes in the next slice's chain; on the last one the tree's value is in `value`.
  THALWEG_HD void push(Value& value, bool last) {
    // mutant: slice-tree
    for (int carries = pushed; (carries & 1) != 0; carries >>= 1) value.add(stack[--depth]);
    ++pushed;
    if (last) {
      while (depth > 0) value.add(stack[--depth]);
    } else {
      stack[depth++] = value;
    }
  }
};
static_assert(kMaxSlices <= 1 << 6);

}  // namespace thalweg::THALWEG_ISA
