// update: one optimizer step of every segment, all rules.
// math         steps 1 to 7 of update_math.hpp for each used element
// shapes       param, grad, state[k], average: arenas, f32; scalars, grad_scale, squared_norm in device
// memory bytes        reads 4 (2 + states), writes 4 (1 + states) per element (Adam: 28), 8 more with an
// average launch       256 threads = 1024 elements, one float4 per thread and stream; one launch per 256
// segments.
//              touched: 256 threads = 256 features, grid.y the outputs
// determinism  elements are independent
// contract     segments do not overlap; padding is neither read nor written; 4-byte alignment, float4 with 16
#include "kernels/common/launch.cuh"
#include "kernels/common/quads.cuh"
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/segment_blocks.cuh"
#include "kernels/update/update_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr int kBlock = 4 * kThreads;
constexpr std::int64_t kMaxGridY = 65535;

/// What each element reads and writes; `state` counts state_count(rule) of them.
struct Streams {
  float* param;
  const float* grad;
  float* state[kMaxStates];
  float* average;
};

/// What a step reads besides the elements, all in device memory.
struct Scalars {
  const UpdateScalars* scalars;
  const float* grad_scale;
  const float* squared_norm;

  __device__ __forceinline__ ElementScalars of(int group) const {
    return element_scalars(*scalars, group, grad_scale != nullptr ? *grad_scale : 1.0f);
  }
};

template <class Functor, bool kAverage>
__device__ __forceinline__ void update_value(float& param, float grad, float& state0, float& state1,
                                             float& state2, float& average, const ElementScalars& s) {
  float state[kMaxStates] = {state0, state1, state2};
  param = update_element<Functor>(param, grad, state, s);
  state0 = state[0], state1 = state[1], state2 = state[2];
  if constexpr (kAverage) average = average_element(average, param, s.average_rate);
}

template <class Functor, bool kAverage>
__device__ __forceinline__ void update_one(const Streams& x, std::int64_t i, const Scalars& scalars,
                                           int group) {
  constexpr int kStates = state_count(Functor::kRule);
  if (!norm_permits(scalars.squared_norm)) return;
  float param = x.param[i], state[kMaxStates] = {}, average = 0.0f;
#pragma unroll
  for (int k = 0; k < kStates; ++k) state[k] = x.state[k][i];
  if constexpr (kAverage) average = x.average[i];
  update_value<Functor, kAverage>(param, x.grad[i], state[0], state[1], state[2], average, scalars.of(group));
  x.param[i] = param;
#pragma unroll
  for (int k = 0; k < kStates; ++k) x.state[k][i] = state[k];
  if constexpr (kAverage) x.average[i] = average;
}

/// Four neighbours. The streams are asked for before the scalars, whose latency they then hide.
template <class Functor, bool kAverage>
__device__ __forceinline__ void update_quad(const Streams& x, std::int64_t i, const Scalars& scalars,
                                            int group) {
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
__global__ void __launch_bounds__(kThreads) update_kernel(const __grid_constant__ SegmentBlocks<kBlock> list,
                                                          Streams x, Scalars scalars, bool aligned) {
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

template <class Functor, bool kAverage>
__global__ void __launch_bounds__(kThreads)
    update_touched_kernel(TouchedElements touched, Streams x, Scalars scalars, int group) {
  const std::int64_t t = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (t >= *touched.count) return;
  const std::int64_t feature = touched.features[t];
  for (std::int64_t o = blockIdx.y; o < touched.outputs; o += gridDim.y)
    update_one<Functor, kAverage>(x, o * touched.in_features + feature, scalars, group);
}

using RunKernel = void (*)(SegmentBlocks<kBlock>, Streams, Scalars, bool);
using TouchedKernel = void (*)(TouchedElements, Streams, Scalars, int);

struct Kernels {
  RunKernel run[2];  ///< without and with an average
  TouchedKernel touched[2];
};

template <class... Functors>
const Kernels& kernels_of(Rule rule, RuleList<Functors...>) {
  static constexpr Kernels kKernels[] = {
      {{&update_kernel<Functors, false>, &update_kernel<Functors, true>},
       {&update_touched_kernel<Functors, false>, &update_touched_kernel<Functors, true>}}...};
  return kKernels[static_cast<int>(rule)];
}

Streams streams_at(const UpdateArgs& args, std::int64_t element) {
  Streams x{args.param + element, args.grad + element, {}, nullptr};
  for (int k = 0; k < state_count(args.rule); ++k) x.state[k] = args.state[k] + element;
  if (args.average != nullptr) x.average = args.average + element;
  return x;
}

bool aligned(const Streams& x) {
  bool all = has_quads(x.param) && has_quads(x.grad) && has_quads(x.average);
  for (const float* state : x.state) all = all && has_quads(state);
  return all;
}

void step_touched(const Context& ctx, const UpdateArgs& args, TouchedKernel kernel, const Scalars& scalars) {
  const UpdateSegment& segment = args.segments[0];
  const std::int64_t rows = args.touched.outputs < kMaxGridY ? args.touched.outputs : kMaxGridY;
  launch(ctx.stream(),
         {dim3(blocks_for(args.touched.capacity, kThreads), static_cast<unsigned>(rows)), kThreads},
         "update_touched", kernel, args.touched, streams_at(args, segment.offset), scalars, segment.group);
}

void step(const Context& ctx, const UpdateArgs& args) {
  const Kernels& kernels = kernels_of(args.rule, AllRules{});
  const int averages = args.average != nullptr ? 1 : 0;
  const Scalars scalars{args.scalars, args.grad_scale, args.squared_norm};
  if (args.touched.features != nullptr) return step_touched(ctx, args, kernels.touched[averages], scalars);
  const Streams x = streams_at(args, 0);
  for_each_list<kBlock>(args.segments, args.segment_count, [&](const SegmentBlocks<kBlock>& list) {
    launch(ctx.stream(), {static_cast<unsigned>(list.blocks), kThreads}, "update", kernels.run[averages],
           list, x, scalars, aligned(x));
  });
}

}  // namespace

extern const UpdateOps update_cuda;
const UpdateOps update_cuda{
    .record = &cuda::record, .step = &step, .gradient_norm = &cuda::gradient_norm, .project = &cuda::project};
}  // namespace thalweg
