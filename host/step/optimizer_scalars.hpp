#pragma once
// From the optimizer's settings to the scalars of one step: pure functions, in double, each result rounded
// once.
#include <cstdint>
#include <span>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

struct UpdateScalars;

/// The settings in which a group of segments differs from plain weights.
struct ParameterGroup {
  double lr_factor = 1.0;
  bool regularized = true;  ///< weight decay, l1, l2
  bool constrained = true;
};

/// Groups of a model's segments: UpdateSegment::group is one of these.
constexpr std::int32_t kWeightGroup = 0;
constexpr std::int32_t kBiasAndNormGroup = 1;

/// Weights, then biases and normalisation parameters: these learn at lr * bias_lr_factor, are regularised
/// only with decay_bias_and_norm, and are never constrained.
std::vector<ParameterGroup> parameter_groups(const OptimizerConfig& optimizer);

/// Scalars of step `step` (counted from 1) at the scheduled rate `lr`. Throws ConfigError for more groups
/// than the update takes.
UpdateScalars update_scalars(const OptimizerConfig& optimizer, double lr, std::int64_t step,
                             std::span<const ParameterGroup> groups);

}  // namespace thalweg
