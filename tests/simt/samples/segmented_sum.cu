#include "kernels/base/launch.cuh"
#include "kernels/base/warp.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

__global__ void segmented_sum_kernel(int segments, const std::int64_t* offsets, const float* in, float* out) {
  const int segment = static_cast<int>(blockIdx.x * (blockDim.x / kWarp)) + warp_index();
  if (segment >= segments) return;
  float sum = 0.0f;
  for (std::int64_t i = offsets[segment] + lane_index(); i < offsets[segment + 1]; i += kWarp) sum += in[i];
  sum = warp_sum(sum);
  if (lane_index() == 0) out[segment] = sum;
}

}  // namespace

void segmented_sum(void* stream, int segments, const std::int64_t* offsets, const float* in, float* out) {
  launch(stream, {blocks_for(segments, 4), 4 * kWarp}, "segmented_sum", segmented_sum_kernel, segments,
         offsets, in, out);
}

}  // namespace thalweg::samples
