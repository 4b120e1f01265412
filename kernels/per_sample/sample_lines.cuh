#pragma once
// What the kernels of samples have in common: a warp for each row, and the inputs of a layer norm.
#include "kernels/base/launch.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;

/// The row, or other line of work, of this warp.
__device__ __forceinline__ std::int64_t warp_line() {
  return std::int64_t{blockIdx.x} * kWarps + warp_index();
}
inline LaunchShape warp_per_line(std::int64_t lines) { return {blocks_for(lines, kWarps), kThreads}; }

/// Four inputs of a layer norm, before weight and bias.
__device__ __forceinline__ float4 normalized(float4 x, float mean, float rstd) {
  return make_float4((x.x - mean) * rstd, (x.y - mean) * rstd, (x.z - mean) * rstd, (x.w - mean) * rstd);
}

}  // namespace thalweg
