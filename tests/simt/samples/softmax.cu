#include "kernels/base/launch.cuh"
#include "kernels/base/warp.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads)
    softmax_kernel(std::int64_t rows, int classes, const float* logits, const int* targets, float* losses,
                   float* grad) {
  const std::int64_t row = std::int64_t{blockIdx.x} * (kThreads / kWarp) + warp_index();
  if (row >= rows) return;  // whole warps leave together
  const float* z = logits + row * classes;
  float largest = -INFINITY;
  for (int k = lane_index(); k < classes; k += kWarp) largest = fmaxf(largest, z[k]);
  largest = shuffle(warp_tree(largest, [](float a, float b) { return fmaxf(a, b); }), 0);
  float sum = 0.0f;
  for (int k = lane_index(); k < classes; k += kWarp) sum += expf(z[k] - largest);
  sum = warp_sum(sum);
  for (int k = lane_index(); k < classes; k += kWarp)
    grad[row * classes + k] = expf(z[k] - largest) / sum - (k == targets[row] ? 1.0f : 0.0f);
  if (lane_index() == 0) losses[row] = logf(sum) + largest - z[targets[row]];
}

}  // namespace

void softmax(void* stream, std::int64_t rows, int classes, const float* logits, const int* targets,
             float* losses, float* grad) {
  launch(stream, {blocks_for(rows, kThreads / kWarp), kThreads}, "softmax", softmax_kernel, rows, classes,
         logits, targets, losses, grad);
}

}  // namespace thalweg::samples
