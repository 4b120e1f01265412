#pragma once
// The jobs of the forward product and of the input gradient: what a tile reads and where its outputs go.
#include <cstdint>

#include "kernels/gemm/grid_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Tile of output[n, o]: rows are outputs (weights broadcast where they lie), columns are samples of a panel
/// [feature][sample]. Stored transposed.
struct ForwardJob {
  const float* weight;  // [O, I]
  const float* bias;    // [O] or null
  const float* panels;  // [panel][I][kPanel]
  std::int64_t features;
  Matrix output;  // rows of this pass

  template <int kRows, int kVecs>
  void run(const TilePlace& place) const {
    const std::int64_t row = place.row, col = place.col;
    Tile<kRows, kVecs> t{};
    multiply_along_rows(t, weight + row * features, features, panels + col * features, kPanel, features,
                        next_weights(place));
    // Through memory, so that the registers of the transposition do not crowd those of the product.
    alignas(64) float tile[kLanes * kPanel] = {};
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec b = bias != nullptr ? broadcast(bias[row + r]) : Vec{};
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v)
        store(tile + r * kPanel + v * kLanes, bias != nullptr ? t.acc[r][v] + b : t.acc[r][v]);
    }
    asm volatile("" : : "r"(tile) : "memory");
    for (int v = 0; v < kVecs; ++v) store_transposed(tile + v * kLanes, kRows, row, col + v * kLanes);
  }

 private:
  /// The weights of the next task, a part during each tile.
  THALWEG_HD Ahead<false> next_weights(const TilePlace& place) const {
    constexpr std::int64_t kStep = 2 * kLineFloats;
    return {weight + place.next_task_row * features + place.number * (features / kAskEvery * kStep), kStep};
  }

  THALWEG_HD void store_transposed(const float* tile, std::int64_t rows, std::int64_t row,
                                   std::int64_t col) const {
    Vec square[kLanes];
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) square[r] = load(tile + r * kPanel);
    transpose(square);
    const std::int64_t samples = smaller(kLanes, output.rows - col);
    float* to = output.data + col * output.stride + row;
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i)
      if (i < samples) store_first(to + i * output.stride, square[i], rows);
  }
};

/// Stores a tile in rows of `stride`, no column from `cols` on.
template <int kRows, int kVecs>
THALWEG_HD void store_tile(const Tile<kRows, kVecs>& t, float* to, std::int64_t stride, std::int64_t cols) {
  const bool full = cols >= kVecs * kLanes;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) {
      float* at = to + r * stride + v * kLanes;
      full ? store(at, t.acc[r][v]) : store_first(at, t.acc[r][v], lanes_of(v, cols));
    }
  }
}

/// The weights of the input gradient, packed: [panel][O][kPanel].
struct PackedWeights {
  const float* panels;
  std::int64_t outputs;

  THALWEG_HD const float* column(std::int64_t col) const { return panels + col * outputs; }
  THALWEG_HD std::int64_t stride() const { return kPanel; }
};

/// The most row blocks that read the weights in place; with more, packing pays (docs/profile.md). Rows of
/// weights that are a multiple of a page apart share few sets of a cache.
constexpr std::int64_t kPlainBlocks = 31;
constexpr std::int64_t kPlainBlocksPages = 3;
constexpr std::int64_t kPageFloats = 1024;

/// The weights where they lie.
struct PlainWeights {
  const float* weight;  // [O, I]
  std::int64_t features;

  /// Whole registers only, since nothing lies behind the last row.
  static bool serve(const Grid& grid) {
    const bool pages = grid.cols % kPageFloats == 0;
    return grid.cols % kLanes == 0 && grid.row_blocks <= (pages ? kPlainBlocksPages : kPlainBlocks);
  }

  THALWEG_HD const float* column(std::int64_t col) const { return weight + col; }
  THALWEG_HD std::int64_t stride() const { return features; }
};

/// Tile of grad_input[n, i]: rows are samples (grad_output broadcast where it lies), columns are features.
template <class Weights>
struct InputGradJob {
  ConstMatrix grad_output;
  Weights weights;
  Matrix grad_input;

  template <int kRows, int kVecs>
  void run(const TilePlace& place) const {
    Tile<kRows, kVecs> t{};
    multiply_along_rows(t, grad_output.row(place.row), grad_output.stride, weights.column(place.col),
                        weights.stride(), grad_output.cols,
                        Ahead<true>(grad_input.row(place.next_row) + place.next_col, grad_input.stride));
    store_tile(t, grad_input.row(place.row) + place.col, grad_input.stride, grad_input.cols - place.col);
  }
};

}  // namespace thalweg::THALWEG_ISA
