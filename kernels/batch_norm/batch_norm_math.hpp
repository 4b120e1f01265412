#pragma once
// Batch normalisation, element by element, for CPU and CUDA. Order for each feature, n = float(N), N the rows
// of the global batch, every sum over the batch by slices and tree:
//   mean      batch chain  chain + x;                            mean = sum / n
//   variance  batch chain  fma(d, d, chain), d = x - mean;       variance = squares / n
//   rstd      1 / sqrt(variance + eps)
//   output    fma((x - mean) * rstd, weight, bias)
//   running   fma(momentum, batch - running, running), batch = mean, or squares / float(max(N - 1, 1))
//   inference as output, with mean = running mean and rstd = 1 / sqrt(running variance + eps)
//   backward  grad_weight: batch chain fma(grad_output, xhat, chain); grad_bias: chain + grad_output;
//             grad_input = (weight * rstd) * fma(-xhat, grad_weight / n, grad_output - grad_bias / n)
#include "kernels/base/hd.hpp"

namespace thalweg {

THALWEG_HD float batch_norm_square_step(float x, float mean, float chain) {
  const float d = x - mean;
  return __builtin_fmaf(d, d, chain);
}

THALWEG_HD float batch_norm_rstd(float variance, float eps) { return 1.0f / __builtin_sqrtf(variance + eps); }

THALWEG_HD float batch_norm_xhat(float x, float mean, float rstd) { return (x - mean) * rstd; }

THALWEG_HD float batch_norm_output(float x, float mean, float rstd, float weight, float bias) {
  return __builtin_fmaf(batch_norm_xhat(x, mean, rstd), weight, bias);
}

THALWEG_HD float batch_norm_running(float momentum, float batch, float running) {
  return __builtin_fmaf(momentum, batch - running, running);
}

/// scale = weight * rstd, dy_mean = grad_bias / n, dyx_mean = grad_weight / n.
THALWEG_HD float batch_norm_grad_input(float grad, float xhat, float scale, float dy_mean, float dyx_mean) {
  return scale * __builtin_fmaf(-xhat, dyx_mean, grad - dy_mean);
}

}  // namespace thalweg
