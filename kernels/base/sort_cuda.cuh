#pragma once
// A stable radix sort and a prefix sum whose lengths the device alone knows. Host code passes bounds; threads
// beyond the real length leave at once.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/device.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg::cuda {

constexpr int kSortThreads = 256;
constexpr int kSortTile = 1024;  ///< elements that one block of threads sorts or scans
constexpr int kDigits = 256;

/// *end - *begin elements, in device memory; fewer than 2^31.
struct DeviceLength {
  const std::int64_t* begin;
  const std::int64_t* end;

  __device__ __forceinline__ std::int32_t get() const { return static_cast<std::int32_t>(*end - *begin); }
};

struct Pairs {
  std::uint32_t* keys;
  std::int32_t* values;
};

inline Pairs take_pairs(const Scratch::Frame& frame, std::int64_t capacity) {
  return {frame.take<std::uint32_t>(capacity), frame.take<std::int32_t>(capacity)};
}

constexpr std::int64_t tiles_of(std::int64_t elements) { return (elements + kSortTile - 1) / kSortTile; }

/// Numbers that a sort of up to `capacity` pairs counts in.
constexpr std::int64_t sort_counters(std::int64_t capacity) {
  return tiles_of(capacity) * kDigits + tiles_of(tiles_of(capacity) * kDigits);
}

constexpr int bits_of(std::int64_t largest) {
  int bits = 0;
  for (; largest > 0; largest /= 2) ++bits;
  return bits;
}

/// Sorts by the lowest `bits` bits of the key; equal keys keep their order. Returns the pairs that hold the
/// result, `pairs` or `spare`. `counters`: sort_counters(capacity) numbers.
Pairs sort_pairs(const Device& device, Pairs pairs, Pairs spare, std::int32_t* counters, DeviceLength length,
                 std::int64_t capacity, int bits);

/// Exclusive sums of `numbers` in tiles of kSortTile, in place, and of the tiles in `totals` (one per tile):
/// the sum before element i is numbers[i] + totals[i / kSortTile]. `all` gets the sum of all, unless null.
void prefix_sums(const Device& device, std::int32_t* numbers, std::int32_t* totals, DeviceLength length,
                 std::int64_t capacity, std::int64_t* all);

/// Sum of the values of the threads before this one; `all` gets that of the whole block. Called by all
/// threads together.
template <int kThreads, class T>
__device__ __forceinline__ T sum_before(T value, T& all) {
  constexpr int kWarps = kThreads / kWarp;
  SHARED(warp_sums, T[kWarps]);
  T inclusive = value;
#pragma unroll
  for (int distance = 1; distance < kWarp; distance *= 2) {
    const T below = __shfl_up_sync(kAllLanes, inclusive, static_cast<unsigned>(distance));
    if (lane_index() >= distance) inclusive += below;
  }
  if (lane_index() == kWarp - 1) warp_sums[warp_index()] = inclusive;
  __syncthreads();
  T before = 0;
  all = 0;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) {
    const T sum = warp_sums[w];
    before += w < warp_index() ? sum : 0;
    all += sum;
  }
  __syncthreads();  // the sums may be overwritten
  return before + inclusive - value;
}

}  // namespace thalweg::cuda
