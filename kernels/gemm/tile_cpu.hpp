#pragma once

// The inner loop of every matrix product of the CPU backend: a tile of kRows x (kVecs registers) outputs,
// each one fma chain over ascending k. The panel operand is packed as [k][kPanel]; the other operand is read
// where it lies, one element broadcast at a time.
#include <cstdint>

#include "kernels/base/simd.hpp"

namespace thalweg::THALWEG_ISA {

THALWEG_HD std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
THALWEG_HD std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
THALWEG_HD std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The most accumulators that fit into the register file beside two panel registers and one broadcast.
#if defined(__AVX512F__)
constexpr int kTileRows = 14;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kTileVecs = 2;
constexpr int kPanel = kTileVecs * kLanes;

template <int kRows, int kVecs>
struct Tile {
  Vec acc[kRows][kVecs];
};

/// acc[v] = fma(*x, y[v], acc[v]). Otherwise the compiler renames the accumulators of a full tile from step
/// to step, and copies or spills them for lack of a free register. Instructions that update in place prevent
/// this.
template <int kVecs>
THALWEG_HD void accumulate(Vec (&acc)[kVecs], const float* x, const Vec (&y)[kVecs]) {
#if defined(__AVX2__)
  Vec all;
  asm("vbroadcastss %1, %0" : "=v"(all) : "m"(*x));
#pragma GCC unroll 4
  for (int v = 0; v < kVecs; ++v) asm("vfmadd231ps %1, %2, %0" : "+v"(acc[v]) : "v"(y[v]), "v"(all));
#else
#pragma GCC unroll 4
  for (int v = 0; v < kVecs; ++v) acc[v] = fma(broadcast(*x), y[v], acc[v]);
#endif
}

/// One k: acc[r] = fma(*element(r), panel row, acc[r]).
template <int kRows, int kVecs, class Element>
THALWEG_HD void tile_step(Tile<kRows, kVecs>& t, const float* b, Element element) {
  Vec panel[kVecs];
#pragma GCC unroll 4
  for (int v = 0; v < kVecs; ++v) panel[v] = load(b + v * kLanes);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) accumulate(t.acc[r], element(r), panel);
}

/// How many of `lanes` floats are in register v of a row.
THALWEG_HD std::int64_t lanes_of(int v, std::int64_t lanes) {
  return larger(0, smaller(kLanes, lanes - v * kLanes));
}

/// tile_step for a panel row of which only `lanes` floats may be read: as many as the tile has, or fewer.
template <int kRows, int kVecs, class Element>
THALWEG_HD void tile_step(Tile<kRows, kVecs>& t, const float* b, std::int64_t lanes, Element element) {
  if (lanes == kVecs * kLanes) return tile_step(t, b, element);
  Vec panel[kVecs];
#pragma GCC unroll 4
  for (int v = 0; v < kVecs; ++v) panel[v] = load_first(b + v * kLanes, lanes_of(v, lanes));
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) accumulate(t.acc[r], element(r), panel);
}

/// Prefetch distance of a packed operand, in k.
constexpr std::int64_t kPrefetchDepth = 16;
constexpr int kLineFloats = 16;

THALWEG_HD void prefetch_panel(const float* b, std::int64_t stride = kPanel) {
#pragma GCC unroll 2
  for (int j = 0; j < kPanel; j += kLineFloats) __builtin_prefetch(b + kPrefetchDepth * stride + j);
}

/// Values of k between two requests of an Ahead.
constexpr int kAskEvery = 8;

/// Prefetches memory for the work after the current tile, two cache lines at a time, `step` apart. The
/// requests are spread evenly over the tile, because a burst would delay the tile's own operands.
template <bool kToWrite>
struct Ahead {
  const char* at;
  std::int64_t step;

  THALWEG_HD Ahead(const float* from, std::int64_t step_floats)
      : at(reinterpret_cast<const char*>(from)), step(4 * step_floats) {}
  THALWEG_HD void ask() {
    if constexpr (kToWrite) {
      __builtin_prefetch(at, 1);
      __builtin_prefetch(at + 4 * kLineFloats, 1);
    } else {
      __builtin_prefetch(at, 0, 2);
      __builtin_prefetch(at + 4 * kLineFloats, 0, 2);
    }
    at += step;
  }
};

/// Continues the chains of `t` by `depth` values of k, the broadcast operand read down its columns.
template <int kRows, int kVecs, bool kToWrite>
THALWEG_HD void multiply_down_columns(Tile<kRows, kVecs>& t, const float* a, std::int64_t stride,
                                      const float* b, std::int64_t depth, Ahead<kToWrite>& ahead) {
  for (std::int64_t k = 0; k < depth; ++k) {
    if (k % kAskEvery == 0) ahead.ask();
    __builtin_prefetch(a + kPrefetchDepth * stride);
    prefetch_panel(b);
    const auto element = [&](int r) __attribute__((always_inline)) { return a + r; };
    tile_step(t, b, element);
    a += stride;
    b += kPanel;
  }
}

/// multiply_down_columns for a broadcast operand that is read along its rows. Three rows share a base pointer
/// and reach the other two through the index register, scaled by the addressing mode. A pointer per row would
/// not fit the register file, and every computed address takes a slot from an fma. Hiding the stride keeps
/// the compiler from computing addresses.
template <int kRows, int kVecs, bool kToWrite>
THALWEG_HD void multiply_along_rows(Tile<kRows, kVecs>& t, const float* a, std::int64_t stride,
                                    const float* b, std::int64_t b_stride, std::int64_t depth,
                                    Ahead<kToWrite> ahead) {
  constexpr int kBases = (kRows + 2) / 3;
  constexpr int kUnroll = kAskEvery;
  std::int64_t bytes = stride * std::int64_t{sizeof(float)};
  const char* base[kBases];
#pragma GCC unroll 8
  for (int g = 0; g < kBases; ++g) base[g] = reinterpret_cast<const char*>(a + 3 * g * stride);
  std::int64_t k = 0;
  for (; k + kUnroll <= depth; k += kUnroll) {
    ahead.ask();
#pragma GCC unroll 8
    for (int u = 0; u < kUnroll; ++u) {
      asm("" : "+r"(bytes));
      prefetch_panel(b, b_stride);
      const auto element = [&](int r) __attribute__((always_inline)) {
        return reinterpret_cast<const float*>(base[r / 3] + r % 3 * bytes + u * sizeof(float));
      };
      tile_step(t, b, element);
      b += b_stride;
    }
#pragma GCC unroll 8
    for (int g = 0; g < kBases; ++g) base[g] += kUnroll * sizeof(float);
  }
  for (; k < depth; ++k) {
    const auto element = [&](int r) __attribute__((always_inline)) {
      return reinterpret_cast<const float*>(base[r / 3] + r % 3 * bytes);
    };
    tile_step(t, b, element);
#pragma GCC unroll 8
    for (int g = 0; g < kBases; ++g) base[g] += sizeof(float);
    b += b_stride;
  }
}

}  // namespace thalweg::THALWEG_ISA
