#pragma once
// What the loss ops and the fused steps share: the losses of one output, and what outputs are held against.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

/// squared         (z - y)^2 / 2, as scikit-learn's squared_error
/// absolute        |z - y|; derivative 0 at z == y
/// huber           r^2 / 2 for |r| <= parameter, else parameter (|r| - parameter / 2); r = z - y
/// quantile        max(parameter (y - z), (parameter - 1) (y - z)); derivative 0 at z == y
/// poisson         exp(z) - y z; z is the logarithm of the rate
/// logistic        log(1 + exp(z)) - y z, y in {0, 1}
/// hinge           max(0, 1 - s z), s = +-1; derivative 0 at the kink
/// squared_hinge   max(0, 1 - s z)^2
enum class LossKind : std::int32_t {
  squared,
  absolute,
  huber,
  quantile,
  poisson,
  logistic,
  hinge,
  squared_hinge
};

struct LossSpec {
  LossKind kind = LossKind::squared;
  float parameter = 1.0f;  ///< huber's delta, quantile's level; otherwise unused
};

/// What the outputs of a batch are held against. Class targets are class indices as floats. For the hinge
/// losses with one output, class 1 is s = +1 and class 0 is s = -1; with more, output k has s = +1 where
/// target == k.
struct LossTargets {
  const float* target = nullptr;      ///< whole data set, or batch when ids is null
  const float* weight = nullptr;      ///< likewise; null: every weight is 1
  const std::int64_t* ids = nullptr;  ///< [N] data-set row of each batch row
  /// [1] in the backend's memory, because it may change from step to step: 1 / (sum of weights in the global
  /// batch), which makes the gradient that of the mean; null: 1.
  const float* scale = nullptr;
};

THALWEG_HD float loss_scale(const LossTargets& targets) {
  return targets.scale != nullptr ? *targets.scale : 1.0f;
}

}  // namespace thalweg
