#pragma once
// The tree over slices (kernels/base/slices.hpp) on the device, in registers.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/slices.hpp"

namespace thalweg {

__device__ __forceinline__ float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

constexpr int kSliceGroup = 8;
static_assert(kMaxSlices == kSliceGroup * kSliceGroup);

/// The tree of up to eight neighbours, of which the first `count` exist.
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

/// The tree of climb_slice_tree (slices.hpp) over leaf(0), ... leaf(slices - 1). A tree of slices is one of
/// groups of eight, each of which is one of slices; the reads of a group do not wait for each other.
template <class T, class Leaf>
__device__ __forceinline__ T slice_tree_of(int slices, const Leaf& leaf) {
  T group[kSliceGroup];
#pragma unroll
  for (int g = 0; g < kSliceGroup; ++g) {
    const int first = g * kSliceGroup;
    if (first < slices) {
      T chain[kSliceGroup];
#pragma unroll
      for (int s = 0; s < kSliceGroup; ++s) chain[s] = first + s < slices ? leaf(first + s) : T{};
      group[g] = group_tree(chain, slices - first);
    }
  }
  return group_tree(group, (slices + kSliceGroup - 1) / kSliceGroup);
}

/// The chains of a sum over the batch: element i of slice s at chains[s * stride + i], in elements of T.
template <class T>
struct SliceChains {
  T* chains;
  std::int64_t stride;
  int slices;
  std::uint64_t with_rows;  ///< of BatchSlices; the chains of slices without rows are not read

  /// T is float or float4, and fits the alignment of `sum`.
  SliceChains(const BatchSlices& batch, const BatchSum& sum)
      : chains(reinterpret_cast<T*>(sum.partials)),
        stride(sum.partial_stride / static_cast<std::int64_t>(sizeof(T) / sizeof(float))),
        slices(batch.slices),
        with_rows(batch.with_rows()) {}

  __device__ __forceinline__ T* of(int slice) const { return chains + slice * stride; }

  __device__ __forceinline__ T tree(std::int64_t i) const {
    return slice_tree_of<T>(slices,
                            [&](int s) { return (with_rows >> s & 1) != 0 ? chains[s * stride + i] : T{}; });
  }
};

}  // namespace thalweg
