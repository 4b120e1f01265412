#pragma once
// The input gradient of a layer of at most kShortChain outputs. Its chains are so short that writing the
// result costs as much as the sums. Packing the weights would cost more. They are therefore read in place as
// vectors, and a part of them that fits the L1 cache is used for many rows.
#include <cstdint>

#include "kernels/gemm/products_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Longest chain. With more outputs, weights whose rows are a power of two apart evict each other.
constexpr std::int64_t kShortChain = 32;
/// A tile covers whole rows of registers, so that it writes runs of cache lines. It has as many chains as
/// cover the latency of an fma.
constexpr int kShortRows = 4;
constexpr int kShortVecs = kLanes == 16 ? 4 : 2;
constexpr std::int64_t kShortCols = kShortVecs * kLanes;
/// Rows of a task, and the weights that it reads for each of them.
constexpr std::int64_t kShortTaskRows = 32;
constexpr std::int64_t kShortWeights = 8 * 1024;

struct ShortInputGrad {
  ConstMatrix grad_output;
  const float* weight;  // [O, I]
  Matrix grad_input;
  std::int64_t chunks, groups;  // tiles along a row, and tasks

  ShortInputGrad(const ConstMatrix& grad, const float* w, const Matrix& result)
      : grad_output(grad), weight(w), grad_input(result), chunks(ceil_div(result.cols, kShortCols)) {
    groups = ceil_div(chunks * kShortCols * grad.cols, kShortWeights);
    groups = larger(1, smaller(groups, chunks));
  }

  static bool serves(std::int64_t outputs) { return outputs <= kShortChain; }

  std::int64_t tasks() const { return ceil_div(grad_input.rows, kShortTaskRows) * groups; }

  /// Tasks of the same rows follow one another, so that a thread finds the rows where it left them.
  void run(std::int64_t task) const {
    const std::int64_t col = col_begin(task % groups), cols = col_begin(task % groups + 1);
    std::int64_t n = task / groups * kShortTaskRows;
    const std::int64_t rows = smaller(grad_input.rows, n + kShortTaskRows);
    for (; n + kShortRows <= rows; n += kShortRows) run_rows<kShortRows>(n, col, cols);
    for (; n < rows; ++n) run_rows<1>(n, col, cols);
  }

 private:
  std::int64_t col_begin(std::int64_t group) const {
    return smaller(grad_input.cols, chunks * group / groups * kShortCols);
  }

  template <int kRows>
  void run_rows(std::int64_t row, std::int64_t col, std::int64_t cols) const {
    for (; col + kShortCols <= cols; col += kShortCols) run_tile<kRows>(row, col, kShortCols);
    if (col < cols) run_tile<kRows>(row, col, cols - col);
  }

  template <int kRows>
  THALWEG_HD void run_tile(std::int64_t row, std::int64_t col, std::int64_t lanes) const {
    const float* from = grad_output.row(row);
    const float* w = weight + col;
    Tile<kRows, kShortVecs> t{};
    for (std::int64_t o = 0; o < grad_output.cols; ++o) {
      const auto element = [&](int r) __attribute__((always_inline)) {
        return from + r * grad_output.stride + o;
      };
      tile_step(t, w + o * grad_input.cols, lanes, element);
    }
    store_tile(t, grad_input.row(row) + col, grad_input.stride, lanes);
  }
};

}  // namespace thalweg::THALWEG_ISA
