#pragma once
// The step of a linear model with one output, between its dot products and its gradient.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/elementwise_loss/elementwise_loss_math.hpp"

namespace thalweg {

struct RowLossArgs {
  LossSpec loss;
  LossTargets targets;
  float* losses;
  float* grad_output;
};

/// Loss and slope of row n from its output z, as the elementwise loss has them. Returns the slope.
template <LossKind kKind>
__device__ __forceinline__ float finish_row(const RowLossArgs& a, std::int64_t n, float z) {
  const std::int64_t id = a.targets.ids != nullptr ? a.targets.ids[n] : n;
  const float weight = a.targets.weight != nullptr ? a.targets.weight[id] : 1.0f;
  const float y = loss_target(kKind, a.targets.target[id], 0, 1);
  const LossAndSlope l = elementwise_loss<kKind>(z, y, a.loss.parameter);
  const float slope = (weight * a.targets.scale) * l.slope;
  a.losses[n] = weight * l.loss;
  a.grad_output[n] = slope;
  return slope;
}

constexpr int kRowLossThreads = 128;

// row_loss: loss and slope of every row of a linear model from its output.
// math         losses[n] = w_n loss(z_n, y_n); grad_output[n] = (w_n scale) loss'(z_n, y_n)
// shapes       output, losses, grad_output [N] f32; targets of the data set by id
// bytes        reads 12 N (and 16 N of ids and weights), writes 8 N (memory bound)
// launch       128 threads, a row per thread, no shared memory
// determinism  exact: elementwise
// contract     losses and grad_output do not alias output
template <LossKind kKind>
__global__ void __launch_bounds__(kRowLossThreads)
    row_loss_kernel(std::int64_t rows, const float* __restrict__ output, RowLossArgs p) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kRowLossThreads + threadIdx.x;
  if (n < rows) finish_row<kKind>(p, n, output[n]);
}

}  // namespace thalweg
