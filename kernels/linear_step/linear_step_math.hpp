#pragma once
// Loss and slope of one row of a step, shared by CPU and CUDA.
#include "kernels/base/hd.hpp"
#include "kernels/elementwise_loss/elementwise_loss_math.hpp"
#include "kernels/linear_step/linear_step.hpp"

namespace thalweg {

/// What the loss of a row takes from the data.
struct RowTarget {
  float target, weight;
};

THALWEG_HD RowTarget row_target(LossKind kind, const LossTargets& t, std::int64_t n) {
  const std::int64_t id = t.ids != nullptr ? t.ids[n] : n;
  return {loss_target(kind, t.target[id], 0, 1), t.weight != nullptr ? t.weight[id] : 1.0f};
}

/// The weighted loss of a row with output z, and the slope that its gradient is scaled by.
template <LossKind Kind>
THALWEG_HD LossAndSlope row_loss(float z, float target, float weight, float parameter, float scale) {
  const LossAndSlope l = elementwise_loss<Kind>(z, target, parameter);
  return {weight * l.loss, (weight * scale) * l.slope};  // mutant: loss-weighted
}

}  // namespace thalweg
