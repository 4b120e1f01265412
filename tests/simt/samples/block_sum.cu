#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) block_sum_kernel(std::int64_t n, const float* in, float* out) {
  SHARED(value, float[kThreads]);
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  value[threadIdx.x] = i < n ? in[i] : 0.0f;
  __syncthreads();
  for (unsigned stride = kThreads / 2; stride > 0; stride /= 2) {
    if (threadIdx.x < stride) value[threadIdx.x] += value[threadIdx.x + stride];
    __syncthreads();
  }
  if (threadIdx.x == 0) out[blockIdx.x] = value[0];
}

}  // namespace

void block_sum(void* stream, std::int64_t n, const float* in, float* out) {
  launch(stream, {blocks_for(n, kThreads), kThreads}, "block_sum", block_sum_kernel, n, in, out);
}

}  // namespace thalweg::samples
