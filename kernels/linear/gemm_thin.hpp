#pragma once
// The forward product of a layer of few outputs on gathered rows: the weights are packed, as
// [feature][output], and rows of the batch are broadcast where they lie, so that each element of X is read
// once, in the order in which it lies in memory. Rows without ids go faster through transposed panels.
#include <cstdint>

#include "kernels/linear/dense_row.hpp"

namespace thalweg::THALWEG_ISA {

/// Rows abreast: as many chains as cover the latency of an fma, and no more pointers than registers.
constexpr int kThinRows = 8;
/// Rows of one task, and between the one computed and the one asked of memory.
constexpr std::int64_t kThinTaskRows = 16;

/// output[n, o] by rows [n, n + kThinRows); past the last one it is taken again and not stored.
struct ThinForward {
  DenseRows input;     // f32, without scale
  const float* panel;  // [I][kLanes], of more outputs than that [I][kPanel]
  const float* bias;   // [O] or null
  Matrix output;       // O <= kPanel

  /// Where packing rows that memory has yet to deliver would cost more than lanes without an output.
  static bool serves(const DenseRows& input, std::int64_t outputs) {
    return outputs <= kPanel && input.ids != nullptr && input.dtype == DType::f32 && input.scale == nullptr;
  }

  THALWEG_HD void run(std::int64_t first) const {
    output.cols > kLanes ? run_rows<2>(first) : run_rows<1>(first);
  }

 private:
  template <int kVecs>
  THALWEG_HD void run_rows(std::int64_t first) const {
    const float *x[kThinRows], *next[kThinRows];
#pragma GCC unroll 8
    for (int r = 0; r < kThinRows; ++r) {
      x[r] = row(first + r);
      next[r] = row(first + r + kThinTaskRows);
    }
    Tile<kThinRows, kVecs> t{};
    std::int64_t k = 0;
    for (; k + kLineFloats <= input.cols; k += kLineFloats) {
#pragma GCC unroll 8
      for (int r = 0; r < kThinRows; ++r) {
        __builtin_prefetch(x[r] + k + 2 * kLineFloats);
        __builtin_prefetch(next[r] + k, 0, 2);
      }
      multiply(t, x, k, k + kLineFloats);
    }
    multiply(t, x, k, input.cols);
    // Through memory, so that a loop of unknown length does not take the chains out of their registers.
    alignas(64) float sums[kThinRows][kPanel];
#pragma GCC unroll 8
    for (int r = 0; r < kThinRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) store(sums[r] + v * kLanes, t.acc[r][v]);
    }
    asm volatile("" : : "r"(sums) : "memory");
    for (int r = 0; r < kThinRows && first + r < input.rows; ++r) {
      for (std::int64_t o = 0; o < output.cols; o += kLanes) {
        const std::int64_t count = smaller(kLanes, output.cols - o);
        const Vec sum = load(sums[r] + o);
        store_first(output.row(first + r) + o, bias != nullptr ? sum + load_first(bias + o, count) : sum,
                    count);
      }
    }
  }

  template <int kVecs>
  THALWEG_HD void multiply(Tile<kThinRows, kVecs>& t, const float* const (&x)[kThinRows], std::int64_t begin,
                           std::int64_t end) const {
    for (std::int64_t k = begin; k < end; ++k) {
      const auto element = [&](int r) __attribute__((always_inline)) { return x[r] + k; };
      tile_step(t, panel + k * kVecs * kLanes, element);
    }
  }

  THALWEG_HD const float* row(std::int64_t n) const {
    return reinterpret_cast<const float*>(row_address(input, smaller(n, input.rows - 1)));
  }
};

}  // namespace thalweg::THALWEG_ISA
