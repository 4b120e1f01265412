#pragma once
// Sums over the arena on the device: blocks by a warp each, and the second level (docs/numerics.md).
#include "kernels/base/chains.hpp"
#include "kernels/base/fold_cuda.cuh"
#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/segment_blocks.cuh"
#include "kernels/update/update_math.hpp"

namespace thalweg {

constexpr int kSumThreads = 256;
constexpr int kSumWarps = kSumThreads / kWarp;
constexpr int kBlock = static_cast<int>(kSumBlock);

struct SquareStep {
  __device__ __forceinline__ float operator()(float chain, float x) const {
    return element::fma(x, x, chain);
  }
};

/// The fold of chains.hpp where lane l holds chains l, l + 32, l + 64 and l + 96; in every lane.
__device__ __forceinline__ float fold_strided(const float (&chain)[4]) {
  return warp_sum((chain[0] + chain[2]) + (chain[1] + chain[3]));
}

/// Sum over one block of at most kSumBlock elements by a warp, in every lane. step(chain, x[j]) gives the
/// next value of element j's chain.
template <class Step>
__device__ __forceinline__ float block_sum(const float* x, int size, bool aligned, const Step& step) {
  const int column = 4 * lane_index();
  float4 chain = {};
  int row = 0;
#pragma unroll 8
  for (; row + kChains <= size; row += kChains) {
    const float* const at = x + row + column;
    const float4 value = aligned ? load4(at) : make_float4(at[0], at[1], at[2], at[3]);
    chain.x = step(chain.x, value.x);
    chain.y = step(chain.y, value.y);
    chain.z = step(chain.z, value.z);
    chain.w = step(chain.w, value.w);
  }
  const int rest = size - row - column;
  const float* const at = x + row + column;
  if (rest > 0) chain.x = step(chain.x, at[0]);
  if (rest > 1) chain.y = step(chain.y, at[1]);
  if (rest > 2) chain.z = step(chain.z, at[2]);
  if (rest > 3) chain.w = step(chain.w, at[3]);
  return fold_chains(chain);
}

/// The second level: block b joins chain b mod 128. By a warp, in every lane.
__device__ __forceinline__ float sum_of_blocks(const float* sums, std::int64_t count) {
  float chain[4] = {};
  std::int64_t row = 0;
#pragma unroll 4
  for (; row + kChains <= count; row += kChains) {
#pragma unroll
    for (int k = 0; k < 4; ++k) chain[k] += sums[row + lane_index() + k * kWarp];
  }
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const std::int64_t b = row + lane_index() + k * kWarp;
    if (b < count) chain[k] += sums[b];
  }
  return fold_strided(chain);
}

inline std::int64_t blocks_of(const UpdateSegment* segments, int count) {
  std::int64_t blocks = 0;
  for (int i = 0; i < count; ++i) blocks += (segments[i].used + kSumBlock - 1) / kSumBlock;
  return blocks;
}

}  // namespace thalweg
