#pragma once
// The loss of a model: which op evaluates it, and what its outputs mean.
#include <optional>
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

/// Outputs that a model with the loss has, for data of the schema.
std::int64_t outputs_for(Loss loss, const DataSchema& schema);

/// Losses (and output gradients unless grad_output.data is null) of outputs against targets.
void evaluate_objective(const Context& ctx, const Objective& objective, ConstMatrix output,
                        const LossTargets& targets, float* losses, Matrix grad_output);

/// What a loss of 1 is in the unit of the data, where the model's target is standardised; none: it is not.
std::optional<double> loss_unit(const ModelSpec& spec);

/// What the targets are read as for a loss; Loss::automatic leaves it to the data.
TargetUse target_use(Loss loss);

}  // namespace thalweg
