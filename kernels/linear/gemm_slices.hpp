#pragma once
// The weight gradient: a matrix product whose k is the batch, cut into slices (kernels/common/slices.hpp).
// A tile keeps the tree's pending partial sums on a small stack in the first-level cache, like the carries of
// a binary counter, so partial matrices never reach memory when a call brings the whole batch.
#include <cstdint>

#include "kernels/common/slices.hpp"
#include "kernels/linear/gemm_products.hpp"

namespace thalweg::THALWEG_ISA {

/// Where the chain of a slice stands at a call.
enum class SliceState {
  untouched,  ///< this call brings no row of it: an earlier one did, or a later one will
  empty,      ///< the slice has no rows at all
  begins,     ///< its first row is in this call
  continues,  ///< an earlier call has left its chain in the partials
};

THALWEG_HD SliceState slice_state(const BatchSlices& s, int slice) {
  if (s.begin(slice) == s.begin(slice + 1)) return SliceState::empty;
  if (s.call_begin(slice) == s.call_end(slice)) return SliceState::untouched;
  return s.continues(slice) ? SliceState::continues : SliceState::begins;
}

/// Element `at` of a slice's chain between calls; null when the call brings the whole batch.
THALWEG_HD float* partial_of(const BatchSum& sum, int slice, std::int64_t at) {
  return sum.partials == nullptr ? nullptr : sum.partials + slice * sum.partial_stride + at;
}

/// The slices' sum as carries of a binary counter: push(partial) after each slice, then finish. `Value` needs
/// add(left): *this = left + *this.
template <class Value, int kDepth = 7>
struct SliceCounter {
  Value stack[kDepth];
  int depth = 0;
  int pushed = 0;

  /// Takes in the next slice's chain; on the last one the tree's value is in `value`.
  THALWEG_HD void push(Value& value, bool last) {
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

template <int kRows, int kVecs>
struct SumTile : Tile<kRows, kVecs> {
  THALWEG_HD void add(const SumTile& left) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) this->acc[r][v] = left.acc[r][v] + this->acc[r][v];
    }
  }
};

template <int kRows, int kVecs>
THALWEG_HD void load_tile(Tile<kRows, kVecs>& t, const float* from, std::int64_t stride, std::int64_t cols) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v)
      t.acc[r][v] = load_first(from + r * stride + v * kLanes, smaller(kLanes, cols - v * kLanes));
  }
}

/// Tile of grad_weight[o, i]: rows are outputs (columns of grad_output), columns are features of a panel
/// [sample][feature].
struct WeightGradJob {
  ConstMatrix grad_output;
  const float* panels;  // [panel][rows][kPanel]
  std::int64_t features;
  BatchSlices slices;
  BatchSum grad_weight;

  template <int kRows, int kVecs>
  void run(std::int64_t row, std::int64_t col) const {
    const std::int64_t at = row * features + col, cols = features - col;
    const float* a = grad_output.data + row;
    const float* b = panels + col * slices.rows;
    SliceCounter<SumTile<kRows, kVecs>> counter;
    for (int s = 0; s < slices.slices; ++s) {
      const SliceState state = slice_state(slices, s);
      float* partial = partial_of(grad_weight, s, at);
      const bool resumes =
          state == SliceState::continues || (state == SliceState::untouched && slices.last());
      SumTile<kRows, kVecs> t{};
      if (resumes) load_tile(t, partial, features, cols);
      const std::int64_t begin = slices.call_begin(s);
      multiply<Walk::down_columns>(t, a + begin * grad_output.stride, grad_output.stride, b + begin * kPanel,
                                   slices.call_end(s) - begin);
      if (slices.last()) {
        counter.push(t, s + 1 == slices.slices);
        if (s + 1 == slices.slices) store_tile(t, grad_weight.sum + at, features, cols);
      } else if (state == SliceState::begins || state == SliceState::continues) {
        store_tile(t, partial, features, cols);
      }
    }
  }
};

struct SumVec {
  Vec acc;
  THALWEG_HD void add(const SumVec& left) { acc = left.acc + acc; }
};

/// grad_bias[o .. o + kLanes): plain sums of the columns of grad_output.
inline void bias_sum(const ConstMatrix& grad_output, const BatchSlices& slices, const BatchSum& to,
                     std::int64_t o) {
  const std::int64_t count = smaller(kLanes, grad_output.cols - o);
  SliceCounter<SumVec> counter;
  for (int s = 0; s < slices.slices; ++s) {
    const SliceState state = slice_state(slices, s);
    float* partial = partial_of(to, s, o);
    SumVec t{};
    if (state == SliceState::continues || (state == SliceState::untouched && slices.last()))
      t.acc = load_first(partial, count);
    for (std::int64_t n = slices.call_begin(s); n < slices.call_end(s); ++n)
      t.acc = t.acc + load_first(grad_output.data + n * grad_output.stride + o, count);
    if (slices.last()) {
      counter.push(t, s + 1 == slices.slices);
      if (s + 1 == slices.slices) store_first(to.sum + o, t.acc, count);
    } else if (state == SliceState::begins || state == SliceState::continues) {
      store_first(partial, t.acc, count);
    }
  }
}

}  // namespace thalweg::THALWEG_ISA
