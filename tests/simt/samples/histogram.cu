#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kBins = 64, kThreads = 128;

__global__ void __launch_bounds__(kThreads)
    histogram_kernel(std::int64_t n, const int* values, unsigned* bins) {
  SHARED(local, unsigned[kBins]);
  if (threadIdx.x < kBins) local[threadIdx.x] = 0;
  __syncthreads();
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < n) atomicAdd(&local[values[i]], 1u);
  __syncthreads();
  if (threadIdx.x < kBins && local[threadIdx.x] > 0) atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}

}  // namespace

void histogram(void* stream, std::int64_t n, const int* values, unsigned* bins) {
  launch(stream, {blocks_for(n, kThreads), kThreads}, "histogram", histogram_kernel, n, values, bins);
}

}  // namespace thalweg::samples
