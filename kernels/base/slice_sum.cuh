#pragma once
// The tree over slices (kernels/base/slices.hpp) on the device.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/ptx.cuh"
#include "kernels/base/slices.hpp"

namespace thalweg {

__device__ __forceinline__ float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

constexpr int kSliceGroup = 8;
static_assert(kMaxSlices == kSliceGroup * kSliceGroup);

/// The tree of up to eight neighbours, of which the first `count` exist; the others give way. A tree of
/// slices is one of groups of eight, each of which is one of slices.
template <class T>
__device__ __forceinline__ T group_tree(T (&chain)[kSliceGroup], int count) {
#pragma unroll
  for (int width = 1; width < kSliceGroup; width *= 2) {
#pragma unroll
    for (int i = 0; i < kSliceGroup; i += 2 * width)
      if (i + width < count) chain[i] = chain[i] + chain[i + width];
  }
  return chain[0];
}

/// The slices' chains side by side, `size` elements of T each.
template <class T>
struct SliceSumArgs {
  const T* partials;
  std::int64_t stride, size;  ///< in elements of T
  T* sum;
};
template <class T>
struct SliceSumsArgs {
  SliceSumArgs<T> weight;
  SliceSumArgs<float> bias;  ///< size 0: none
  int slices;
  std::uint64_t with_rows;  ///< bit s: slice s has rows; the partials of the others are not read
  unsigned weight_blocks;
};

template <class T>
__device__ __forceinline__ void slice_sum(const SliceSumArgs<T>& a, std::int64_t i, int slices,
                                          std::uint64_t with_rows) {
  if (i >= a.size) return;
  T group[kSliceGroup];
#pragma unroll
  for (int g = 0; g < kSliceGroup; ++g) {
    const int first = g * kSliceGroup;
    if (first < slices) {
      T chain[kSliceGroup];
#pragma unroll
      for (int s = 0; s < kSliceGroup; ++s) {
        chain[s] = T{};
        if (first + s < slices && (with_rows >> (first + s) & 1) != 0)
          chain[s] = a.partials[(first + s) * a.stride + i];
      }
      group[g] = group_tree(chain, slices - first);
    }
  }
  a.sum[i] = group_tree(group, (slices + kSliceGroup - 1) / kSliceGroup);
}

constexpr int kSliceSumThreads = 128;
// blocks per multiprocessor: 128 registers, which hold all levels of the tree
constexpr int kSliceSumBlocks = 4;

// slice_sums: a gradient from the chains of its slices.
// math         sum[i] = tree over s of chain[s][i]; a slice without rows is +0
// shapes       weight chains [slices][size], as float4 where alignment allows; bias chains [slices][size]
// bytes        reads 4 slices size, writes 4 size (memory bound; mostly from L2, where the chains just went)
// launch       128 threads, one element of T per thread; the last blocks do the bias
// determinism  exact: the fixed tree, no atomics
// contract     partials are left as they are
template <class T>
__global__ void __launch_bounds__(kSliceSumThreads, kSliceSumBlocks) slice_sums_kernel(SliceSumsArgs<T> p) {
  if (blockIdx.x < p.weight_blocks) {
    slice_sum(p.weight, std::int64_t{blockIdx.x} * kSliceSumThreads + threadIdx.x, p.slices, p.with_rows);
  } else {
    slice_sum(p.bias, std::int64_t{blockIdx.x - p.weight_blocks} * kSliceSumThreads + threadIdx.x, p.slices,
              p.with_rows);
  }
}

}  // namespace thalweg
