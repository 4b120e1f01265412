#pragma once
// The loss of a model: which op evaluates it, and what its outputs mean.
#include <string>
#include <variant>

#include "kernels/base/loss.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct SoftmaxCrossEntropySpec {
  float label_smoothing = 0.0f;
};

using Objective = std::variant<LossSpec, SoftmaxCrossEntropySpec>;

/// The objective of a resolved model config.
Objective make_objective(const ModelConfig& config);

/// Losses (and output gradients unless grad_output.data is null) of outputs against targets.
void evaluate_objective(const Context& ctx, const Objective& objective, ConstMatrix output,
                        const LossTargets& targets, float* losses, Matrix grad_output);

bool is_classification_loss(const std::string& loss);

/// What the targets are read as for a loss; "auto" leaves it to the data.
TargetUse target_use(const std::string& loss);

}  // namespace thalweg
