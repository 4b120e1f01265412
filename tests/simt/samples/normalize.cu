#include <cooperative_groups.h>

#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kThreads = 64;

__global__ void __launch_bounds__(kThreads) normalize_kernel(float* values, float* partial) {
  SHARED(value, float[kThreads]);
  float* mine = values + blockIdx.x * kThreads + threadIdx.x;
  value[threadIdx.x] = *mine;
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0.0f;
    for (int i = 0; i < kThreads; ++i) sum += value[i];
    partial[blockIdx.x] = sum;
  }
  cooperative_groups::this_grid().sync();
  float total = 0.0f;
  for (unsigned b = 0; b < gridDim.x; ++b) total += partial[b];
  *mine /= total;
}

}  // namespace

void normalize(void* stream, int blocks, float* values, float* partial) {
  launch_cooperative(stream, {static_cast<unsigned>(blocks), kThreads}, "normalize", normalize_kernel, values,
                     partial);
}

}  // namespace thalweg::samples
