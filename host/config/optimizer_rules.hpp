#pragma once
// Settings of [optimizer] that contradict each other; the config's check and the optimizer itself ask here.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

[[noreturn]] void refuse(const std::string& message);

/// Checks the ranges of the section and what contradicts itself. Throws ConfigError, as validate_config.
void check_optimizer(const OptimizerConfig& config);

/// Whether a weight whose gradient is 0 changes in a step: by regularisation, a bound or an average.
bool changes_untouched_weights(const OptimizerConfig& config);

/// What optimizer.lazy comes to on sparse data.
bool updates_lazily(const OptimizerConfig& config);

/// Noise has to reach every parameter.
void check_noise(const OptimizerConfig& config);

}  // namespace thalweg::config_rules
