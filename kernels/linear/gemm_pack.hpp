#pragma once
// Packing for the matrix products: rows of the batch, wherever they lie and whatever their type, become
// panels [k][kPanel] of floats. Gathering, conversion and feature scaling happen here, once per product.
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/linear/gemm_tile.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg::THALWEG_ISA {

typedef unsigned char ByteVec __attribute__((vector_size(kLanes)));
typedef std::int32_t IntVec __attribute__((vector_size(4 * kLanes)));
using Lanes = std::make_integer_sequence<int, kLanes>;

THALWEG_HD std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
THALWEG_HD std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
THALWEG_HD std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Floats between what is loaded of a row and what is asked of memory.
constexpr std::int64_t kPackAhead = 64;

/// Features [j, j + count) of batch row n as the model sees them; lanes from count on are unspecified.
THALWEG_HD Vec load_features(const DenseRows& x, std::int64_t n, std::int64_t j, std::int64_t count) {
  const std::int64_t at = (x.ids ? x.ids[n] : n) * x.stride + j;
  Vec v;
  if (x.dtype == DType::f32) {
    const float* p = static_cast<const float*>(x.data) + at;
    __builtin_prefetch(p + kPackAhead);
    v = count == kLanes ? load(p) : load_first(p, count);
  } else {
    ByteVec bytes{};
    std::memcpy(&bytes, static_cast<const unsigned char*>(x.data) + at, static_cast<std::size_t>(count));
    v = __builtin_convertvector(__builtin_convertvector(bytes, IntVec), Vec);
  }
  if (x.scale == nullptr) return v;
  if (count == kLanes) return fma(v, load(x.scale + j), load(x.shift + j));
  return fma(v, load_first(x.scale + j, count), load_first(x.shift + j, count));
}

/// Exchanges the off-diagonal blocks of size h between two rows of a square.
template <int h, int... lane>
THALWEG_HD void exchange(Vec& a, Vec& b, std::integer_sequence<int, lane...>) {
  const Vec upper = __builtin_shufflevector(a, b, ((lane & h) != 0 ? kLanes + lane - h : lane)...);
  b = __builtin_shufflevector(a, b, ((lane & h) != 0 ? kLanes + lane : lane + h)...);
  a = upper;
}

/// Transposes a square of kLanes rows in registers (Eklundh 1972: block exchanges of halving size).
template <int h = kLanes / 2>
THALWEG_HD void transpose(Vec (&m)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i)
    if ((i & h) == 0) exchange<h>(m[i], m[i + h], Lanes{});
  if constexpr (h > 1) transpose<h / 2>(m);
}

/// Panel of rows: panel[k][r] = feature k of row first + r for k in [begin, end), zero past the last row.
inline void pack_rows(const DenseRows& x, std::int64_t first, std::int64_t begin, std::int64_t end,
                      float* panel) {
  for (std::int64_t k = begin; k < end; k += kLanes) {
    const std::int64_t count = smaller(kLanes, end - k);
    for (int v = 0; v < kTileVecs; ++v) {
      Vec square[kLanes];
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) {
        const std::int64_t n = first + v * kLanes + r;
        square[r] = n < x.rows ? load_features(x, n, k, count) : Vec{};
      }
      transpose(square);
      float* to = panel + k * kPanel + v * kLanes;
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        if (i < count) store(to + i * kPanel, square[i]);
    }
  }
}

/// Panel of columns: panel[n][c] = feature first + c of row n for n in [begin, end), zero past the last
/// feature.
inline void pack_columns(const DenseRows& x, std::int64_t first, std::int64_t begin, std::int64_t end,
                         float* panel) {
  for (int v = 0; v < kTileVecs; ++v) {
    const std::int64_t j = first + v * kLanes;
    const std::int64_t count = j < x.cols ? smaller(kLanes, x.cols - j) : 0;
    for (std::int64_t n = begin; n < end; ++n)
      store(panel + n * kPanel + v * kLanes, count > 0 ? load_features(x, n, j, count) : Vec{});
  }
}

}  // namespace thalweg::THALWEG_ISA
