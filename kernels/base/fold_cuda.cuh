#pragma once
// The tree over 128 chains (chains.hpp) within a warp. It adds chain c + stride to chain c. Addition
// commutes, so lanes that hold both exchange them and keep the same sum: after all levels every lane has it.
#include "kernels/base/warp.cuh"

namespace thalweg {

/// op over values whose lanes differ in the bits below `lanes`, from the widest distance down.
template <int kLanes, class Op>
__device__ __forceinline__ float butterfly(float value, Op op) {
#pragma unroll
  for (int stride = kLanes / 2; stride > 0; stride /= 2) value = op(value, shuffle_xor(value, stride));
  return value;
}

struct Add {
  __device__ __forceinline__ float operator()(float a, float b) const { return a + b; }
};
struct Larger {
  __device__ __forceinline__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

/// The sum of 128 chains, chain 4 l + q being component q of lane l, in every lane. At the first two levels
/// both halves of the lanes hold the same pairs, so each adds up half of the components.
__device__ __forceinline__ float fold_chains(float4 chain) {
  const int lane = lane_index();
  const bool upper = (lane & 16) != 0, odd = (lane & 8) != 0;
  const float2 kept = upper ? make_float2(chain.z, chain.w) : make_float2(chain.x, chain.y);
  const float2 sent = upper ? make_float2(chain.x, chain.y) : make_float2(chain.z, chain.w);
  const float first = kept.x + shuffle_xor(sent.x, 16), second = kept.y + shuffle_xor(sent.y, 16);
  const float sum = (odd ? second : first) + shuffle_xor(odd ? first : second, 8);
  const float component = butterfly<8>(sum, Add{});
  const float pair = component + shuffle_xor(component, 16);
  return pair + shuffle_xor(pair, 8);
}

}  // namespace thalweg
