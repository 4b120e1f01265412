#pragma once
// What the update rules share for one element: its scalars, and the arithmetic that they are written in.
#include "kernels/base/hd.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {

/// The interval that a constraint keeps an element in.
struct ElementBounds {
  float lower, upper;
};

/// What ftrl alone reads.
struct FtrlScalars {
  float beta, l1, l2, inverse_lr;
};

/// The scalars of one segment's elements, ready for use.
struct ElementScalars {
  float grad_scale, lr, decay, l2, shrink;
  ElementBounds bounds;
  float average_rate;
  float beta1, one_minus_beta1, one_minus_beta2, eps, extrapolate, denom_scale;
  float step_size;  ///< lr * step_size_factor
  FtrlScalars ftrl;
};

THALWEG_HD ElementScalars element_scalars(const UpdateScalars& s, std::int32_t group, float grad_scale) {
  const GroupScalars& g = s.group[group];
  const float infinity = __builtin_huge_valf();
  const bool boxed = g.constraint == Constraint::box;
  return {.grad_scale = grad_scale,
          .lr = g.lr,
          .decay = g.decay,
          .l2 = g.l2,
          .shrink = g.shrink,
          .bounds = {.lower = boxed                                      ? g.lower
                              : g.constraint == Constraint::non_negative ? 0.0f
                                                                         : -infinity,
                     .upper = boxed ? g.upper : infinity},
          .average_rate = constrains_segment(g.constraint) ? 0.0f : s.average_rate,
          .beta1 = s.beta1,
          .one_minus_beta1 = s.one_minus_beta1,
          .one_minus_beta2 = s.one_minus_beta2,
          .eps = s.eps,
          .extrapolate = s.extrapolate,
          .denom_scale = s.denom_scale,
          .step_size = g.lr * s.step_size_factor,
          .ftrl = {.beta = s.beta, .l1 = g.ftrl_l1, .l2 = g.ftrl_l2, .inverse_lr = 1.0f / g.lr}};
}

namespace element {

THALWEG_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
THALWEG_HD float sqrt(float x) { return __builtin_sqrtf(x); }
/// Into [low, high]; a NaN stays one.
// mutant: lower-bound
THALWEG_HD float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
/// x moved towards zero by `by`, stopping there.
// mutant: l1-toward-zero
THALWEG_HD float soft_threshold(float x, float by) { return x - clamp(x, -by, by); }
/// -1, 0 or 1; a NaN stays one.
THALWEG_HD float sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
/// average + rate * (x - average)
THALWEG_HD float toward(float average, float rate, float x) { return fma(rate, x - average, average); }
/// average + rate * (x^2 - average); never negative
THALWEG_HD float toward_square(float average, float rate, float x) {
  return fma(rate, fma(x, x, -average), average);  // mutant: square-averaged
}

}  // namespace element

}  // namespace thalweg
