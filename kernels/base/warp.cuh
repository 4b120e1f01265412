#pragma once
// Warps: lanes, votes and fixed-order trees. Each function is called by all 32 lanes together.
#include <cuda_runtime.h>

namespace thalweg {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;

/// The indices of a block whose threads are counted along x.
__device__ __forceinline__ int lane_index() { return static_cast<int>(threadIdx.x % kWarp); }
__device__ __forceinline__ int warp_index() { return static_cast<int>(threadIdx.x / kWarp); }

template <class T>
__device__ __forceinline__ T shuffle(T value, int source) {
  return __shfl_sync(kAllLanes, value, source);
}
template <class T>
__device__ __forceinline__ T shuffle_down(T value, int distance) {
  return __shfl_down_sync(kAllLanes, value, static_cast<unsigned>(distance));
}
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int lane_mask) {
  return __shfl_xor_sync(kAllLanes, value, lane_mask);
}

__device__ __forceinline__ bool warp_any(bool predicate) { return __any_sync(kAllLanes, predicate) != 0; }

/// The tree of docs/numerics.md: lane l takes in lane l + 16, then l + 8, ... l + 1. The result is lane 0's;
/// the other lanes hold partial results.
template <class T, class Combine>
__device__ __forceinline__ T warp_tree(T value, Combine combine) {
#pragma unroll
  for (int stride = kWarp / 2; stride > 0; stride /= 2) value = combine(value, shuffle_down(value, stride));
  return value;
}

/// The sum by warp_tree, in every lane.
__device__ __forceinline__ float warp_sum(float value) {
  return shuffle(warp_tree(value, [](float a, float b) { return a + b; }), 0);
}

}  // namespace thalweg
