#pragma once
// Dot products of one sparse row by one warp.
#include <cuda_runtime.h>

#include "kernels/base/chains.hpp"
#include "kernels/base/warp.cuh"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::cuda {

/// The row's products with `kOutputs` weight vectors, `stride` apart, as 128 chains and their fold: lane l
/// takes entries l, l + 32, ... and so holds chains l, l + 32, l + 64 and l + 96. In every lane.
template <int kOutputs>
__device__ __forceinline__ void sparse_dots(const float* __restrict__ weight, std::int64_t stride,
                                            const SparseEntries& row, float (&sum)[kOutputs]) {
  constexpr int kPerLane = kChains / kWarp;
  float chain[kOutputs][kPerLane] = {};
  for (std::int64_t first = lane_index(); first < row.count; first += kChains) {
#pragma unroll
    for (int k = 0; k < kPerLane; ++k) {
      const std::int64_t j = first + k * kWarp;
      if (j >= row.count) continue;
      const float* const column = weight + row.columns[j];
      const float value = row.values[j];
#pragma unroll
      for (int o = 0; o < kOutputs; ++o) chain[o][k] = __builtin_fmaf(column[o * stride], value, chain[o][k]);
    }
  }
#pragma unroll
  for (int o = 0; o < kOutputs; ++o)
    sum[o] = warp_sum((chain[o][0] + chain[o][2]) + (chain[o][1] + chain[o][3]));
}

}  // namespace thalweg::cuda
