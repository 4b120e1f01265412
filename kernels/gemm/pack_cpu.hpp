#pragma once
// Packing for the matrix products: rows of the batch, wherever they lie and whatever their type, become
// panels [k][kPanel] of floats. Gathering, conversion and feature scaling happen here, once per product.
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/base/rows_cpu.hpp"
#include "kernels/gemm/tile_cpu.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg::THALWEG_ISA {

typedef unsigned char ByteVec __attribute__((vector_size(kLanes)));
typedef std::int32_t IntVec __attribute__((vector_size(4 * kLanes)));
using Lanes = std::make_integer_sequence<int, kLanes>;

/// Asks for feature j of row n, or of the last row. Gathered rows come from memory; others are the output of
/// a layer and still in a cache.
THALWEG_HD void ask_gathered(const DenseRows& x, std::int64_t n, std::int64_t j) {
  if (x.ids != nullptr)
    __builtin_prefetch(row_address(x, smaller(n, x.rows - 1)) + j * element_bytes(x), 0, 2);
}

/// Features [j, j + count) of batch row n as the model sees them; lanes from count on are unspecified.
THALWEG_HD Vec load_features(const DenseRows& x, std::int64_t n, std::int64_t j, std::int64_t count) {
  const std::int64_t at = (x.ids ? x.ids[n] : n) * x.stride + j;
  Vec v;
  if (x.dtype == DType::f32) {
    const float* p = static_cast<const float*>(x.data) + at;
    v = count == kLanes ? load(p) : load_first(p, count);
  } else {
    const unsigned char* p = static_cast<const unsigned char*>(x.data) + at;
    ByteVec bytes{};
    if (count == kLanes) {
      std::memcpy(&bytes, p, kLanes);
    } else {
      std::memcpy(&bytes, p, static_cast<std::size_t>(count));
    }
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

/// Prefetch distance of packing, in features of a row.
constexpr std::int64_t kPackAhead = 64;

/// Panel of kVecs * kLanes rows: panel[k][r] = feature k of row first + r for k in [begin, end), zero past
/// the last row.
template <int kVecs = kTileVecs>
inline void pack_rows(const DenseRows& x, std::int64_t first, std::int64_t begin, std::int64_t end,
                      float* panel) {
  for (std::int64_t k = begin; k < end; k += kLanes) {
    const std::int64_t count = smaller(kLanes, end - k);
    for (int v = 0; v < kVecs; ++v) {
      Vec square[kLanes];
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) {
        const std::int64_t n = first + v * kLanes + r;
        square[r] = n < x.rows ? load_features(x, n, k, count) : Vec{};
        ask_gathered(x, n, k + kPackAhead);
      }
      transpose(square);
      float* to = panel + k * kVecs * kLanes + v * kLanes;
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        if (i < count) store(to + i * kVecs * kLanes, square[i]);
    }
  }
}

/// Rows that are packed side by side: enough to write whole pages of a panel in turn, few enough to read each
/// row as a stream.
constexpr std::int64_t kPackRows = 8;

/// Panels [first_panel, last_panel) of columns, for rows [begin, end): panel p is at panels + p *
/// panel_stride, and panel[n][c] = feature p * kPanel + c of row n, zero past the last feature.
inline void pack_columns(const DenseRows& x, std::int64_t first_panel, std::int64_t last_panel,
                         std::int64_t begin, std::int64_t end, float* panels, std::int64_t panel_stride) {
  const std::int64_t cols = smaller(x.cols, last_panel * kPanel);
  for (std::int64_t first = begin; first < end; first += kPackRows) {
    const std::int64_t last = smaller(end, first + kPackRows);
    for (std::int64_t j = first_panel * kPanel; j < cols; j += kLanes) {
      const std::int64_t count = smaller(kLanes, cols - j);
      float* to = panels + j / kPanel * panel_stride + j % kPanel;
      for (std::int64_t n = first; n < last; ++n) {
        store(to + n * kPanel, load_features(x, n, j, count));
        ask_gathered(x, n + kPackRows, j);
      }
    }
  }
}

}  // namespace thalweg::THALWEG_ISA
