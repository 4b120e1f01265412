#pragma once
// One element of an update on the device, and what the kernels of an update are given.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/update/update_math.hpp"

namespace thalweg {

/// What each element reads and writes; `state` counts state_count(rule) of them.
struct UpdateStreams {
  float* param;
  const float* grad;
  float* state[kMaxStates];
  float* average;
};

/// What a step reads besides the elements, all in device memory.
struct DeviceScalars {
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
__device__ __forceinline__ void update_one(const UpdateStreams& x, std::int64_t i,
                                           const DeviceScalars& scalars, int group) {
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

inline UpdateStreams streams_at(const UpdateArgs& args, std::int64_t element) {
  UpdateStreams x{args.param + element, args.grad + element, {}, nullptr};
  for (int k = 0; k < state_count(args.rule); ++k) x.state[k] = args.state[k] + element;
  if (args.average != nullptr) x.average = args.average + element;
  return x;
}

inline DeviceScalars device_scalars(const UpdateArgs& args) {
  return {args.scalars, args.grad_scale, args.squared_norm};
}

namespace cuda {

/// update_touched_cuda.cu: the touched elements of one segment.
void update_touched(const Device& device, const UpdateArgs& args);
/// update_average_cuda.cu: whole segments and their average.
void update_average(const Device& device, const UpdateArgs& args);

}  // namespace cuda
}  // namespace thalweg
