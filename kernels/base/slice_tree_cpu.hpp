#pragma once
// The tree over slices (climb_slice_tree of slices.hpp) on the cpu, by how the chains come:
//   SliceTree     several threads finish slices in any order
//   SliceCounter  one thread computes the slices in turn and keeps what is pending
//   SliceSums     the chains of all slices lie in memory
#include "kernels/base/hd.hpp"
#include "kernels/base/simd.hpp"
#include "kernels/base/slices.hpp"

#ifndef THALWEG_ISA
#error "slice_tree_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

/// The thread that finishes the second of two neighbours adds them, while they are in its cache.
class SliceTree {
 public:
  explicit SliceTree(int slices) : slices_(slices) {}

  /// Slice `slice` is done. Calls add(left, right) for each pair that is complete with it, and root() after
  /// the last addition of all.
  template <class Add, class Root>
  THALWEG_HD void finish(int slice, const Add& add, const Root& root) {
    const auto arrives_second = [this](int right) __attribute__((always_inline)) {
      return __atomic_fetch_add(&arrived_[right], 1, __ATOMIC_ACQ_REL) != 0;
    };
    if (climb_slice_tree(slices_, slice, arrives_second, add)) root();
  }

 private:
  int slices_;
  int arrived_[kMaxSlices] = {};  ///< arrivals at each pair, indexed by its right slice
};

/// The pending subtrees as carries of a binary counter, so that few are kept at a time. `Value` needs
/// add(left): *this = left + *this.
template <class Value>
class SliceCounter {
 public:
  THALWEG_HD explicit SliceCounter(int slices) : slices_(slices) {}

  /// Takes in the next slice's chain. True after the last slice: the sum is in `value`.
  THALWEG_HD bool push(Value& value) {
    const int slice = pushed_++;
    const auto complete = [slice](int right) __attribute__((always_inline)) { return right <= slice; };
    const auto add = [ this, &value ](int, int) __attribute__((always_inline)) {
      value.add(stack_[--depth_]);
    };
    const bool root = climb_slice_tree(slices_, slice, complete, add);
    if (!root) stack_[depth_++] = value;
    return root;
  }

 private:
  static constexpr int kDepth = 6;  // one pending subtree per level below the root
  static_assert(kMaxSlices == 1 << kDepth);

  Value stack_[kDepth];
  int slices_, depth_ = 0, pushed_ = 0;
};

/// The sums of a batch whose chains lie in memory. A slice without rows counts as +0, and its chain is not
/// read.
class SliceSums {
 public:
  /// with_rows: that of BatchSlices.
  THALWEG_HD SliceSums(int slices, std::uint64_t with_rows, const BatchSum& chains) : slices_(slices) {
    for (int s = 0; s < slices_; ++s) {
      chain_[s] = (with_rows >> s & 1) != 0 ? chains.chain(s) : nullptr;
      all_have_rows_ = all_have_rows_ && chain_[s] != nullptr;
    }
  }

  /// Sums [i, i + kLanes), of which the first `count` exist.
  THALWEG_HD Vec at(std::int64_t i, std::int64_t count) const {
    if (slices_ == kUnrolled && all_have_rows_ && count == kLanes)
      return tree(
          kUnrolled, [&](int s) __attribute__((always_inline)) { return load(chain_[s] + i); });
    return tree(
        slices_, [&](int s) __attribute__((always_inline)) {
          return chain_[s] == nullptr ? Vec{}
                 : count == kLanes    ? load(chain_[s] + i)
                                      : load_first(chain_[s] + i, count);
        });
  }

  /// to[i] = sum i for i in [begin, end).
  THALWEG_HD void write(float* to, std::int64_t begin, std::int64_t end) const {
    for (std::int64_t i = begin; i < end; i += kLanes) {
      const std::int64_t count = end - i < kLanes ? end - i : kLanes;
      store_first(to + i, at(i, count), count);
    }
  }

 private:
  static constexpr int kUnrolled = 8;  // this many slices are added in registers

  template <class Leaf>
  THALWEG_HD static Vec tree(int slices, const Leaf& leaf) {
    Vec node[kMaxSlices];
    const auto add = [&node](int left, int right) __attribute__((always_inline)) {
      node[left] = node[left] + node[right];
    };
#pragma GCC unroll 8
    for (int s = 0; s < slices; ++s) {
      node[s] = leaf(s);
      climb_slice_tree(
          slices, s, [s](int right) __attribute__((always_inline)) { return right <= s; }, add);
    }
    return node[0];
  }

  const float* chain_[kMaxSlices];
  int slices_;
  bool all_have_rows_ = true;
};

}  // namespace thalweg::THALWEG_ISA
