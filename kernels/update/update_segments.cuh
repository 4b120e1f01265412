#pragma once
// update: one optimizer step of every segment, all rules.
// math         steps 1 to 7 of update_math.hpp for each used element
// shapes       param, grad, state[k], average: arenas, f32; scalars, grad_scale, squared_norm on the device
// bytes        reads 4 (2 + states), writes 4 (1 + states) per element (Adam: 28), 8 more with an average
// launch       256 threads = 1024 elements, one float4 per thread and stream; one launch per 256 segments
// determinism  elements are independent
// contract     segments do not overlap; padding is neither read nor written; 4-byte alignment, float4 with 16
#include "kernels/base/launch.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/update/segment_blocks.cuh"
#include "kernels/update/update_elements.cuh"

namespace thalweg {

constexpr int kUpdateThreads = 256;
constexpr int kUpdateBlock = 4 * kUpdateThreads;

/// Four neighbours. The streams are loaded before the scalars and hide their latency.
template <class Functor, bool kAverage>
__device__ __forceinline__ void update_quad(const UpdateStreams& x, std::int64_t i,
                                            const DeviceScalars& scalars, int group) {
  constexpr int kStates = state_count(Functor::kRule);
  float4 param = load4(x.param + i), state[kMaxStates] = {}, average = {};
  const float4 grad = load4(x.grad + i);
#pragma unroll
  for (int k = 0; k < kStates; ++k) state[k] = load4(x.state[k] + i);
  if constexpr (kAverage) average = load4(x.average + i);
  if (!norm_permits(scalars.squared_norm)) return;
  const ElementScalars s = scalars.of(group);
  update_value<Functor, kAverage>(param.x, grad.x, state[0].x, state[1].x, state[2].x, average.x, s);
  update_value<Functor, kAverage>(param.y, grad.y, state[0].y, state[1].y, state[2].y, average.y, s);
  update_value<Functor, kAverage>(param.z, grad.z, state[0].z, state[1].z, state[2].z, average.z, s);
  update_value<Functor, kAverage>(param.w, grad.w, state[0].w, state[1].w, state[2].w, average.w, s);
  store4(x.param + i, param);
#pragma unroll
  for (int k = 0; k < kStates; ++k) store4(x.state[k] + i, state[k]);
  if constexpr (kAverage) store4(x.average + i, average);
}

template <class Functor, bool kAverage>
__global__ void __launch_bounds__(kUpdateThreads)
    update_kernel(const __grid_constant__ SegmentBlocks<kUpdateBlock> list, UpdateStreams x,
                  DeviceScalars scalars, bool aligned) {
  const ArenaBlock block = list.at(static_cast<std::int32_t>(blockIdx.x));
  const int first = 4 * static_cast<int>(threadIdx.x);
  if (aligned && first + 4 <= block.size) {
    update_quad<Functor, kAverage>(x, block.begin + first, scalars, block.group);
    return;
  }
#pragma unroll 1
  for (int i = first; i < first + 4 && i < block.size; ++i)
    update_one<Functor, kAverage>(x, block.begin + i, scalars, block.group);
}

template <bool kAverage, class... Functors>
auto update_kernel_of(Rule rule, RuleList<Functors...>) {
  static constexpr decltype(&update_kernel<AdamRule, kAverage>) kKernels[] = {
      &update_kernel<Functors, kAverage>...};
  return kKernels[static_cast<int>(rule)];
}

inline bool quads_in(const UpdateStreams& x) {
  bool all = has_quads(x.param) && has_quads(x.grad) && has_quads(x.average);
  for (const float* state : x.state) all = all && has_quads(state);
  return all;
}

/// The whole segments of an update, with or without an average.
template <bool kAverage>
void launch_update(const Device& device, const UpdateArgs& args) {
  const auto kernel = update_kernel_of<kAverage>(args.rule, AllRules{});
  const DeviceScalars scalars = device_scalars(args);
  const UpdateStreams x = streams_at(args, 0);
  for_each_list<kUpdateBlock>(args.segments, args.segment_count,
                              [&](const SegmentBlocks<kUpdateBlock>& list) {
                                launch(device.stream, {static_cast<unsigned>(list.blocks), kUpdateThreads},
                                       "update", kernel, list, x, scalars, quads_in(x));
                              });
}

}  // namespace thalweg
