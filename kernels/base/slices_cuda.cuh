#pragma once
// Sums over the batch, by columns (slices.hpp), on the device: one chain per slice and column over the
// slice's rows in order, then the tree over the slices. Two launches.
//
// What is summed is a Source, copied to every thread:
//   kTerms                 floats that an element brings to the sums
//   enter(col)             once: the thread's column
//   read(row)              the element's Terms<kTerms>, read by any of the block's warps
//   step<k>(terms, chain)  the next value of sum k's chain
// and what becomes of the sums is a Finish: finish(col, sums).
#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/base/device.hpp"
#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/slice_tree.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg {

template <int kCount>
struct Terms {
  float value[kCount];
};

/// The chains of each sum.
template <int kSums>
struct ColumnChains {
  SliceChains<float> of[kSums];
};

constexpr int kReadingWarps = 8, kRowsPerWarp = 8, kTileRows = kReadingWarps * kRowsPerWarp;

/// Moves sum k's chain on over the rows of a tile; lane = column.
template <int k, class Source>
__device__ __forceinline__ float tile_chain(const float (&tile)[Source::kTerms][kTileRows][kWarp], int rows,
                                            float chain) {
#pragma unroll 8
  for (int row = 0; row < rows; ++row) {
    Terms<Source::kTerms> terms;
#pragma unroll
    for (int i = 0; i < Source::kTerms; ++i) terms.value[i] = tile[i][row][lane_index()];
    chain = Source::template step<k>(terms, chain);
  }
  return chain;
}

/// Sum k is added up by warp k: f(integral constant k) for it.
template <int kSums, class F>
__device__ __forceinline__ void for_own_sum(F f) {
  if (warp_index() == 0) f(std::integral_constant<int, 0>{});
  if constexpr (kSums > 1) {
    if (warp_index() == 1) f(std::integral_constant<int, 1>{});
  }
  static_assert(kSums <= 2);
}

// column_chains: the chains of a slice over 32 columns.
// math         chain_k = step_k(terms(row, col), chain_k), rows of the slice ascending
// shapes       terms as the source reads them; chains [S, C] f32
// bytes        what the source reads, once; writes 4 S C per sum (memory bound)
// launch       256 threads = 8 warps, grid ceil(C / 32) x slices of the call; tiles of 64 rows x 32 columns in
//              shared memory. All warps read the next tile into registers while warp k adds the last one to
//              the chain of sum k: a chain is one fma per row and cannot go faster, the reading can go wide
// determinism  exact: a chain is one thread's, its rows ascend
// contract     a slice of which this call brings no row keeps its chain
template <int kSums, class Source>
__global__ void __launch_bounds__(kReadingWarps* kWarp)
    column_chains_kernel(const BatchSlices slices, const std::int64_t cols, const ColumnChains<kSums> chains,
                         const int first_slice, Source source) {
  SHARED(tile, float[Source::kTerms][kTileRows][kWarp]);
  const int slice = first_slice + static_cast<int>(blockIdx.y);
  const std::int64_t begin = slices.call_begin(slice), end = slices.call_end(slice);
  if (begin == end) return;
  const std::int64_t col = std::int64_t{blockIdx.x} * kWarp + lane_index();
  const bool inside = col < cols;
  source.enter(inside ? col : 0);  // threads past the last column read the first one, for nothing

  float chain = 0.0f;
  if (slices.continues(slice) && inside) {
    for_own_sum<kSums>([&](auto k) { chain = chains.of[k()].of(slice)[col]; });
  }
  Terms<Source::kTerms> next[kRowsPerWarp];
  const auto read_tile = [&](std::int64_t first) {
#pragma unroll
    for (int i = 0; i < kRowsPerWarp; ++i) {
      const std::int64_t row = first + warp_index() + i * kReadingWarps;
      next[i] = row < end ? source.read(row) : Terms<Source::kTerms>{};
    }
  };
  read_tile(begin);
  for (std::int64_t first = begin; first < end; first += kTileRows) {
    __syncthreads();  // nobody still adds up the last tile
#pragma unroll
    for (int i = 0; i < kRowsPerWarp; ++i) {
#pragma unroll
      for (int term = 0; term < Source::kTerms; ++term) {
        tile[term][warp_index() + i * kReadingWarps][lane_index()] = next[i].value[term];
      }
    }
    __syncthreads();
    read_tile(first + kTileRows);
    const int rows = end - first < kTileRows ? static_cast<int>(end - first) : kTileRows;
    for_own_sum<kSums>([&](auto k) { chain = tile_chain<k(), Source>(tile, rows, chain); });
  }
  if (!inside) return;
  for_own_sum<kSums>([&](auto k) { chains.of[k()].of(slice)[col] = chain; });
}

// slice_trees: the tree over the slices of each column, and what follows from the sums.
// math         slices.hpp
// shapes       chains [S, C] f32 per sum
// bytes        reads 4 S C per sum, writes what finish writes (a launch's latency)
// launch       32 threads, a column each
// determinism  exact: a tree is one thread's; the chains stay as they are
// contract     S <= 64
template <int kSums, class Finish>
__global__ void __launch_bounds__(kWarp)
    slice_trees_kernel(const std::int64_t cols, const ColumnChains<kSums> chains, const Finish finish) {
  const std::int64_t col = std::int64_t{blockIdx.x} * kWarp + threadIdx.x;
  if (col >= cols) return;
  float sum[kSums];
#pragma unroll
  for (int k = 0; k < kSums; ++k) sum[k] = chains.of[k].tree(col);
  finish(col, sum);
}

/// The Finish that only stores the sums.
template <int kSums>
struct StoreSums {
  float* to[kSums];
  __device__ __forceinline__ void operator()(std::int64_t col, const float (&sum)[kSums]) const {
#pragma unroll
    for (int k = 0; k < kSums; ++k) to[k][col] = sum[k];
  }
};

/// The chains of each sum; `scratch` holds the chain_floats of all.
template <std::size_t... K>
ColumnChains<sizeof...(K)> column_chains(std::index_sequence<K...>, float* scratch, const BatchSlices& slices,
                                         std::int64_t cols, const BatchSum* sums) {
  const std::int64_t floats = chain_floats(slices, cols);
  return {{SliceChains<float>(
      slices, with_chains(scratch + static_cast<std::int64_t>(K) * floats, slices, sums[K], cols))...}};
}

/// kSums sums per column. The call that finishes runs the trees.
template <int kSums, class Source, class Finish>
void column_sums(const Device& device, const char* op, const BatchSlices& slices, std::int64_t cols,
                 const BatchSum (&sums)[kSums], const Source& source, const Finish& finish) {
  const Scratch::Frame frame(device);
  float* const scratch = frame.take<float>(kSums * chain_floats(slices, cols));
  const auto chains = column_chains(std::make_index_sequence<kSums>{}, scratch, slices, cols, sums);
  const TouchedSlices touched = touched_slices(slices);
  const unsigned blocks = blocks_for(cols, kWarp);
  launch(device.stream, {dim3(blocks, static_cast<unsigned>(touched.count)), kReadingWarps * kWarp}, op,
         &column_chains_kernel<kSums, Source>, slices, cols, chains, touched.first, source);
  if (slices.finish() == SliceFinish::later) return;
  launch(device.stream, {blocks, kWarp}, op, &slice_trees_kernel<kSums, Finish>, cols, chains, finish);
}

}  // namespace thalweg
