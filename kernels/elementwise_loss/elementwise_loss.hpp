#pragma once
// Losses of one output at a time: squared, absolute, huber, quantile, poisson, logistic, hinge, squared
// hinge.
#include <cstdint>

#include "kernels/common/cost.hpp"
#include "kernels/common/hd.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/common/required.hpp"
#include "thalweg/context.hpp"
#include "thalweg/loss.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

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

/// losses[n] = w_n * sum over outputs of loss (ascending outputs); grad_output[n, k] = (w_n * scale) *
/// loss'(z).
struct ElementwiseLossArgs {
  LossSpec loss;
  ConstMatrix output;  ///< [N, K], K >= 1; K > 1 only for the hinge losses
  LossTargets targets;
  float* losses = nullptr;  ///< [N]
  Matrix grad_output;       ///< [N, K]; data == null: only the losses are wanted
};

struct ElementwiseLossOps {
  Required<void(const Context&, const ElementwiseLossArgs&)> evaluate;
};

constexpr Cost elementwise_loss_cost(std::int64_t n, std::int64_t k) {
  return {.flops = 8 * n * k, .bytes_read = 4 * (n * k + 2 * n), .bytes_written = 4 * (n * k + n)};
}

extern const ElementwiseLossOps elementwise_loss_reference;
extern const ElementwiseLossOps elementwise_loss_cuda;
THALWEG_CPU_TABLE(ElementwiseLossOps, elementwise_loss_cpu)

}  // namespace thalweg
