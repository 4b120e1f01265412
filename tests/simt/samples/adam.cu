#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kThreads = 256;

__device__ __forceinline__ void step(float& param, float grad, float& first, float& second, AdamStep s) {
  first = fmaf(s.one_minus_beta1, grad - first, first);
  second = fmaf(s.one_minus_beta2, fmaf(grad, grad, -second), second);
  param -= s.step_size * first / fmaf(sqrtf(second), s.denom_scale, s.eps);
}

__global__ void __launch_bounds__(kThreads)
    adam_kernel(std::int64_t quads, float* __restrict__ param, const float* __restrict__ grad,
                float* __restrict__ first, float* __restrict__ second, AdamStep s) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= quads) return;
  float4 p = load4(param + 4 * i), m = load4(first + 4 * i), v = load4(second + 4 * i);
  const float4 g = load4(grad + 4 * i);
  step(p.x, g.x, m.x, v.x, s);
  step(p.y, g.y, m.y, v.y, s);
  step(p.z, g.z, m.z, v.z, s);
  step(p.w, g.w, m.w, v.w, s);
  store4(param + 4 * i, p);
  store4(first + 4 * i, m);
  store4(second + 4 * i, v);
}

}  // namespace

void adam(void* stream, std::int64_t n, float* param, const float* grad, float* first, float* second,
          AdamStep s) {
  launch(stream, {blocks_for(n / 4, kThreads), kThreads}, "adam", adam_kernel, n / 4, param, grad, first,
         second, s);
}

}  // namespace thalweg::samples
