#pragma once
// What the loss ops and the fused steps share: the losses of one output, and what outputs are held against.
#include <cstdint>

#include "kernels/base/hd.hpp"
#include "thalweg/loss.hpp"

namespace thalweg {

struct LossSpec {
  LossKind kind = LossKind::squared;
  float parameter = 1.0f;  ///< huber's delta, quantile's level; otherwise unused
};

/// The targets of a batch's outputs. Class targets are class indices as floats. For the hinge losses with one
/// output, class 1 is s = +1 and class 0 is s = -1. With more outputs, output k has s = +1 where target == k.
struct LossTargets {
  const float* target = nullptr;      ///< whole data set, or batch when ids is null
  const float* weight = nullptr;      ///< likewise; null: every weight is 1
  const std::int64_t* ids = nullptr;  ///< [N] data-set row of each batch row
  /// [1] 1 / (sum of weights in the global batch), for the gradient of the mean; null: 1. It is in the
  /// backend's memory, because it may change from step to step.
  const float* scale = nullptr;
};

THALWEG_HD float loss_scale(const LossTargets& targets) {
  return targets.scale != nullptr ? *targets.scale : 1.0f;
}

}  // namespace thalweg
