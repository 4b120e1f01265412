#pragma once
// The tiles of the linear layer's products, and which one a product of some size takes.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/device.hpp"
#include "kernels/gemm/product_side.cuh"

namespace thalweg {

// The largest one that still gives every multiprocessor a block; smaller ones read more, but a GPU that is
// half idle costs more than that.
struct LargeTile : TileShape<128, 128, 16, 8, 8, 2, 1> {};
struct MediumTile : TileShape<64, 64, 16, 8, 4, 3, 3> {};
struct SmallTile : TileShape<32, 32, 32, 4, 4, 4, 4> {};
/// grad_weight of few outputs: narrow columns, so that slices x columns fill the GPU, and many rows in
/// flight.
struct FewTile : TileShape<8, 32, 32, 1, 4, 4, 4> {};

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Shape>
std::int64_t tiles_of(std::int64_t rows, std::int64_t cols) {
  return ceil_div(rows, Shape::kRows) * ceil_div(cols, Shape::kCols);
}

/// f(Shape{}) with the tile for rows x cols outputs, `copies` times over.
template <class F>
void with_tile(const Device& device, std::int64_t rows, std::int64_t cols, std::int64_t copies, F f) {
  const std::int64_t wanted = device.properties.multiprocessors;
  if (tiles_of<LargeTile>(rows, cols) * copies >= wanted) return f(LargeTile{});
  if (tiles_of<MediumTile>(rows, cols) * copies >= wanted) return f(MediumTile{});
  f(SmallTile{});
}

}  // namespace thalweg
