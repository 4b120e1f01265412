#pragma once
// The forward product of a layer of more than kFewOutputs and at most kPanel outputs. The weights are packed
// as [feature][output]. Rows of the batch are broadcast in place, so each element of X is read once, in the
// order of memory. Lanes without an output cost less than transposing X.
#include <cstdint>

#include "kernels/base/device.hpp"
#include "kernels/gemm/dense_row_cpu.hpp"
#include "kernels/gemm/few_outputs_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Rows abreast: as many chains as cover the latency of an fma, and no more pointers than registers.
constexpr int kThinRows = kLanes == 16 ? 8 : 4;
/// Rows of one task; also the prefetch distance in rows.
constexpr std::int64_t kThinTaskRows = 16;

/// The weights as panels [feature][output], one per thread. A thread packs its panel in its first task. This
/// is less work than a job for one panel, and than reading it from another core's cache.
class ThinPanels {
 public:
  ThinPanels(const Device& device, const float* weight, std::int64_t outputs, std::int64_t features)
      : frame_(device),
        weight_{.data = weight, .dtype = DType::f32, .rows = outputs, .cols = features, .stride = features} {
    const int threads = device.pool.threads();
    packed_ = frame_.take<bool>(threads * kLineBytes);
    panels_ = frame_.take<float>(threads * panel_floats());
    for (int t = 0; t < threads; ++t) packed_[t * kLineBytes] = false;
  }

  const float* of(int thread) const {
    float* panel = panels_ + thread * panel_floats();
    bool& packed = packed_[thread * kLineBytes];
    if (!packed) {
      weight_.rows > kLanes ? pack_rows<2>(weight_, 0, 0, weight_.cols, panel)
                            : pack_rows<1>(weight_, 0, 0, weight_.cols, panel);
    }
    packed = true;
    return panel;
  }

 private:
  std::int64_t panel_floats() const { return weight_.cols * kPanel; }

  const Scratch::Frame frame_;
  DenseRows weight_;
  bool* packed_;  // a cache line for each thread
  float* panels_;
};

/// output[n, o] by rows [n, n + kThinRows); past the last one it is taken again and not stored.
struct ThinForward {
  DenseRows input;     // f32, without scale
  const float* panel;  // [I][kLanes], of more outputs than that [I][kPanel]
  const float* bias;   // [O] or null
  Matrix output;       // O <= kPanel

  static bool serves(const DenseRows& input, std::int64_t outputs) {
    return outputs <= kPanel && input.dtype == DType::f32 && input.scale == nullptr;
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
      if (input.ids != nullptr) ask_ahead(x, next, k);
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

  /// Gathered rows come from memory; others are the outputs of a layer and still in a cache.
  THALWEG_HD void ask_ahead(const float* const (&x)[kThinRows], const float* const (&next)[kThinRows],
                            std::int64_t k) const {
#pragma GCC unroll 8
    for (int r = 0; r < kThinRows; ++r) {
      __builtin_prefetch(x[r] + k + 2 * kLineFloats);
      __builtin_prefetch(next[r] + k, 0, 2);
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
