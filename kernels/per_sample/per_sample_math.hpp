#pragma once
// Clip factors, element by element, for CPU and CUDA.
#include "kernels/base/hd.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {

constexpr float kClipStabilizer = 1e-6f;       // as PyTorch's clip_grad_norm_ and Opacus
constexpr float kAutomaticStabilizer = 0.01f;  // Bu et al. 2023, gamma

THALWEG_HD float linear_squared_norm(float grad_square, float input_square, bool bias) {
  return grad_square * (bias ? input_square + 1.0f : input_square);  // mutant: norm-with-bias
}

THALWEG_HD float clip_factor(ClipMode mode, float norm, float clip_norm, float scale) {
  if (!(clip_norm > 0.0f)) return scale;
  if (mode == ClipMode::automatic) return scale * (clip_norm / (norm + kAutomaticStabilizer));
  const float ratio = clip_norm / (norm + kClipStabilizer);  // mutant: flat-stabilizer
  return scale * (ratio < 1.0f ? ratio : 1.0f);
}

/// The total norm of row n, and its factors.
THALWEG_HD void clip_row(const ClipFactors& a, std::int64_t n) {
  float total = 0.0f;
  for (std::int64_t l = 0; l < a.layers; ++l) total = total + a.squared_norms[l * a.stride + n];
  const float norm = __builtin_sqrtf(total);
  a.norms[n] = norm;
  const float scale = a.scale != nullptr ? *a.scale : 1.0f;
  if (a.mode != ClipMode::per_layer) {
    a.factors[n] = clip_factor(a.mode, norm, a.clip_norm, scale);
    return;
  }
  for (std::int64_t l = 0; l < a.layers; ++l) {
    const std::int64_t at = l * a.stride + n;
    a.factors[at] = clip_factor(a.mode, __builtin_sqrtf(a.squared_norms[at]), a.clip_norm, scale);
  }
}

}  // namespace thalweg
