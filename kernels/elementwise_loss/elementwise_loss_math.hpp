#pragma once
// One output of an elementwise loss: its value and its slope in z, float32.
//
// Numerics. r = z - y, rounded once; every other operation is rounded in the order of the code. A NaN in z or
// y makes both results NaN: the comparisons are written so that NaN falls through to an arithmetic branch.
//   squared        loss 0.5 * (r * r)                       slope r
//   absolute       loss |r|                                 slope sign(r), r itself where r is 0
//   huber          loss |r| <= d ? 0.5 * (r * r) : d * (|r| - 0.5 * d)     slope r clamped to [-d, d]
//   quantile       loss slope * r                           slope r > 0 ? 1 - q : r < 0 ? -q : r
//   poisson        loss exp(z) - y * z                      slope exp(z) - y
//   logistic       loss (z > 0 ? (1 - y) * z : -(y * z)) + log1p(e)       e = exp(-|z|)
//                  slope z > 0 ? (1 - y) - t : t - y                      t = e / (1 + e)
//   hinge          h = 1 - y * z, 0 where that is not above 0; loss h     slope h == 0 ? 0 : -y
//   squared_hinge  loss h * h                               slope (-2 * y) * h
// The logistic forms are log(1 + exp(z)) - y z and sigmoid(z) - y without the cancellation at large |z|.
#include <cstdint>

#include "kernels/base/exact_math.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"

namespace thalweg {

struct LossAndSlope {
  float loss;
  float slope;
};

/// The target of output `output` of `outputs`, if the sample's target is `target`: s = +-1 for the hinge
/// losses, otherwise the target itself.
THALWEG_HD float loss_target(LossKind kind, float target, std::int64_t output, std::int64_t outputs) {
  if (kind != LossKind::hinge && kind != LossKind::squared_hinge) return target;
  if (outputs == 1) return 2.0f * target - 1.0f;
  return target == static_cast<float>(output) ? 1.0f : -1.0f;
}

/// Loss and slope at output z for target y (what loss_target returns).
template <LossKind Kind>
THALWEG_HD LossAndSlope elementwise_loss(float z, float y, [[maybe_unused]] float parameter) {
  if constexpr (Kind == LossKind::poisson) {
    const float rate = exact::exp(z);
    return {rate - y * z, rate - y};  // mutant: poisson-target
  } else if constexpr (Kind == LossKind::logistic) {
    const float e = exact::exp(-exact::abs(z));
    const float t = exact::over_one_plus(e, e);
    const float linear = z > 0.0f ? (1.0f - y) * z : -(y * z);
    return {linear + exact::log1p(e), z > 0.0f ? (1.0f - y) - t : t - y};
  } else if constexpr (Kind == LossKind::hinge || Kind == LossKind::squared_hinge) {
    const float margin = 1.0f - y * z;
    const float h = margin <= 0.0f ? 0.0f : margin;
    if constexpr (Kind == LossKind::squared_hinge) return {h * h, (-2.0f * y) * h};
    return {h, h > 0.0f ? -y : h};
  } else {
    const float r = z - y;
    const float magnitude = exact::abs(r);
    if constexpr (Kind == LossKind::squared) {
      return {0.5f * (r * r), r};
    } else if constexpr (Kind == LossKind::absolute) {
      return {magnitude, r > 0.0f ? 1.0f : r < 0.0f ? -1.0f : r};
    } else if constexpr (Kind == LossKind::huber) {
      const float far = parameter * (magnitude - 0.5f * parameter);  // mutant: huber-far-branch
      const float above = r > parameter ? parameter : r;
      return {magnitude <= parameter ? 0.5f * (r * r) : far, r < -parameter ? -parameter : above};
    } else {
      static_assert(Kind == LossKind::quantile);
      // mutant: quantile-sides
      const float slope = r > 0.0f ? 1.0f - parameter : r < 0.0f ? -parameter : r;
      return {slope * r, slope};
    }
  }
}

template <LossKind Kind>
struct LossKindTag {
  static constexpr LossKind value = Kind;
};

/// f(LossKindTag<kind>{}): one branch for a whole loop instead of one per element.
template <class F>
THALWEG_HD auto with_loss_kind(LossKind kind, F f) {
  switch (kind) {
    case LossKind::squared:
      return f(LossKindTag<LossKind::squared>{});
    case LossKind::absolute:
      return f(LossKindTag<LossKind::absolute>{});
    case LossKind::huber:
      return f(LossKindTag<LossKind::huber>{});
    case LossKind::quantile:
      return f(LossKindTag<LossKind::quantile>{});
    case LossKind::poisson:
      return f(LossKindTag<LossKind::poisson>{});
    case LossKind::logistic:
      return f(LossKindTag<LossKind::logistic>{});
    case LossKind::hinge:
      return f(LossKindTag<LossKind::hinge>{});
    case LossKind::squared_hinge:  // no default: a kind without a case does not compile
      break;
  }
  return f(LossKindTag<LossKind::squared_hinge>{});
}

}  // namespace thalweg
