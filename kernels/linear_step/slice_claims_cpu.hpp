#pragma once
// Assigns the slices of the batch to threads. Each thread starts with a share of neighbouring slices and
// processes them in ascending order, for sequential reads. Then it takes slices that the others have not
// begun.
#include "kernels/base/rows_cpu.hpp"
#include "kernels/base/slices.hpp"

#ifndef THALWEG_ISA
#error "slice_claims_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

class SliceClaims {
 public:
  SliceClaims(const BatchSlices& slices, int threads) : slices_(slices), threads_(threads) {}

  /// A slice for `thread` to work on. As many calls are allowed as there are slices.
  int claim(int thread) {
    int slice = first_of(thread);
    while (__atomic_exchange_n(&taken_[slice], true, __ATOMIC_RELAXED)) slice = after(slice);
    return slice;
  }

  /// The slice that the thread working on `slice` would get now; -1: all are taken.
  int next_after(int slice) const {
    int next = after(slice);
    while (__atomic_load_n(&taken_[next], __ATOMIC_RELAXED)) {
      if (next == slice) return -1;
      next = after(next);
    }
    return next;
  }

 private:
  int after(int slice) const { return slice + 1 < slices_.slices ? slice + 1 : 0; }
  int first_of(int thread) const {
    const std::int64_t row = Share{thread, threads_}.begin(slices_.rows);
    int slice = 0;
    while (slice + 1 < slices_.slices && slices_.call_end(slice) <= row) ++slice;
    return slice;
  }

  BatchSlices slices_;
  int threads_;
  bool taken_[kMaxSlices] = {};
};

}  // namespace thalweg::THALWEG_ISA
