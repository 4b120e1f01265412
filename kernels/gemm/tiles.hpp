#pragma once
// The tiles of the linear layer's products, and which one a product of some size takes.
#include <algorithm>
#include <cstdint>

#include "kernels/base/device.hpp"

namespace thalweg {

/// A block's tile of kRows x kCols outputs, kRowsPerThread x kColsPerThread of them in each thread's
/// registers; kDepth terms of each sum at a time, kStages of those pieces in shared memory.
template <int kRows_, int kCols_, int kDepth_, int kRowsPerThread_, int kColsPerThread_, int kStages_,
          int kBlocksPerSm_>
struct TileShape {
  static constexpr int kRows = kRows_, kCols = kCols_, kDepth = kDepth_;
  static constexpr int kRowsPerThread = kRowsPerThread_, kColsPerThread = kColsPerThread_;
  static constexpr int kStages = kStages_, kBlocksPerSm = kBlocksPerSm_;
  static constexpr int kThreadRows = kRows / kRowsPerThread, kThreadCols = kCols / kColsPerThread;
  static constexpr int kThreads = kThreadRows * kThreadCols;
  /// Groups of four terms multiplied without a branch between them. Fewer for large tiles: what is read ahead
  /// takes registers that the sums need.
  static constexpr int kUnroll = 128 / (kRowsPerThread * kColsPerThread);
  static_assert(kThreadRows % 4 == 0 && kThreadCols % 8 == 0 && kDepth % 4 == 0);
};

// kFfmaPercent: FFMA of the instructions of the main loop, about the mean of the tile's products in
// tests/static/ratchet.json. kFfmaClocks and kOtherClocks are nominal, as in tests/static/devices.py.
struct LargeTile : TileShape<128, 128, 16, 8, 8, 2, 1> {
  static constexpr int kFfmaPercent = 86;
};
struct MediumTile : TileShape<64, 64, 16, 8, 4, 3, 3> {
  static constexpr int kFfmaPercent = 78;
};
struct SmallTile : TileShape<32, 32, 32, 4, 4, 4, 4> {
  static constexpr int kFfmaPercent = 75;
};
/// grad_weight of few outputs: narrow columns, so that slices x columns fill the GPU, and many rows in
/// flight.
struct FewTile : TileShape<8, 32, 32, 1, 4, 4, 4> {};

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Shape>
std::int64_t tiles_of(std::int64_t rows, std::int64_t cols) {
  return ceil_div(rows, Shape::kRows) * ceil_div(cols, Shape::kCols);
}

/// Clocks that the multiprocessor with most of the blocks takes for a term of each of its sums: the longest
/// of what its schedulers issue, what one warp takes in each wave, and what comes from L2. A wave that is not
/// full takes as long as a full one, so many small tiles may be quicker than few large ones.
template <class Shape>
double clocks_of(std::int64_t blocks, const DeviceProperties& gpu) {
  constexpr double kSchedulers = 4, kWarp = 32, kFfmaClocks = 1.25, kOtherClocks = 3, kL2Bytes = 20;
  constexpr double kFfma = Shape::kRowsPerThread * Shape::kColsPerThread;  // of a thread
  constexpr double kIssued = kFfma * 100 / Shape::kFfmaPercent;
  // Bytes, with the padding of lines along the depth (product_side.cuh), which the other layout lacks.
  constexpr std::int64_t kShared =
      4 * Shape::kStages * (Shape::kRows + Shape::kCols) * (Shape::kDepth + Shape::kDepth / 8);
  const std::int64_t most = ceil_div(blocks, std::max(1, gpu.multiprocessors));
  const std::int64_t fit = std::clamp<std::int64_t>(gpu.shared_bytes / kShared, 1, Shape::kBlocksPerSm);
  const auto here = static_cast<double>(most), waves = static_cast<double>(ceil_div(most, fit));
  return std::max({here * Shape::kThreads / kWarp * kIssued / kSchedulers,
                   waves * (kFfma * kFfmaClocks + (kIssued - kFfma) * kOtherClocks),
                   here * 4 * (Shape::kRows + Shape::kCols) / kL2Bytes});
}

/// f(Shape{}) with the quickest tile for rows x cols outputs, `copies` times over.
template <class F>
void with_tile(const DeviceProperties& gpu, std::int64_t rows, std::int64_t cols, std::int64_t copies, F f) {
  const auto clocks = [&](auto shape) {
    using Shape = decltype(shape);
    return clocks_of<Shape>(tiles_of<Shape>(rows, cols) * copies, gpu);
  };
  const double large = clocks(LargeTile{}), medium = clocks(MediumTile{}), small = clocks(SmallTile{});
  if (large <= medium && large <= small) return f(LargeTile{});
  if (medium <= small) return f(MediumTile{});
  f(SmallTile{});
}

}  // namespace thalweg
