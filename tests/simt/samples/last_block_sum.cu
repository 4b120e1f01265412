#include "kernels/base/launch.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

__global__ void last_block_sum_kernel(std::int64_t n, const float* in, float* partial, unsigned* tickets,
                                      float* sum) {
  SHARED(is_last, bool);
  const std::int64_t i = std::int64_t{blockIdx.x} * kWarp + threadIdx.x;
  const float block_sum = warp_sum(i < n ? in[i] : 0.0f);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = block_sum;
    __threadfence();
    is_last = atomicInc(tickets, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last) return;
  float total = 0.0f;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += kWarp) total += partial[b];
  total = warp_sum(total);
  if (threadIdx.x == 0) *sum = total;
}

}  // namespace

void last_block_sum(void* stream, std::int64_t n, const float* in, float* partial, unsigned* tickets,
                    float* sum) {
  launch(stream, {blocks_for(n, kWarp), kWarp}, "last_block_sum", last_block_sum_kernel, n, in, partial,
         tickets, sum);
}

}  // namespace thalweg::samples
