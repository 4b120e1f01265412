#pragma once
// Layer normalisation, element by element, for CPU and CUDA. Order of a row of C features, n = float(C):
//   mean      chain sum of  chain + x;                              mean = sum / n
//   variance  chain sum of  fma(d, d, chain), d = x - mean;         variance = sum / n
//   rstd      1 / sqrt(variance + eps)
//   xhat      (x - mean) * rstd
//   output    fma(xhat, weight, bias)
//   backward  g = grad_output * weight
//             g_mean  = (chain sum of  chain + g) / n
//             gx_mean = (chain sum of  fma(g, xhat, chain)) / n
//             grad_input = rstd * fma(-xhat, gx_mean, g - g_mean)
//             grad_weight: batch chain fma(grad_output, xhat, chain); grad_bias: chain + grad_output
#include "kernels/base/hd.hpp"

namespace thalweg {

THALWEG_HD float layer_norm_square_step(float x, float mean, float chain) {
  const float d = x - mean;
  return __builtin_fmaf(d, d, chain);
}

THALWEG_HD float layer_norm_rstd(float variance, float eps) { return 1.0f / __builtin_sqrtf(variance + eps); }

THALWEG_HD float layer_norm_xhat(float x, float mean, float rstd) { return (x - mean) * rstd; }

THALWEG_HD float layer_norm_output(float x, float mean, float rstd, float weight, float bias) {
  return __builtin_fmaf(layer_norm_xhat(x, mean, rstd), weight, bias);
}

THALWEG_HD float layer_norm_grad_input(float g, float xhat, float g_mean, float gx_mean, float rstd) {
  return rstd * __builtin_fmaf(-xhat, gx_mean, g - g_mean);
}

}  // namespace thalweg
