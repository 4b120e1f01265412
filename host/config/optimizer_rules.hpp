#pragma once
// Settings of [optimizer] that contradict each other; the config's check and the optimizer itself ask here.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

[[noreturn]] void refuse(const std::string& message);

/// Throws ConfigError, as validate_config.
void check_optimizer(const OptimizerConfig& config);

/// An average moves every parameter in every step, which a lazy update does not. `lazy` is what
/// optimizer.lazy comes to on the data.
void check_average(const OptimizerConfig& config, bool lazy);

/// Noise has to reach every parameter.
void check_noise(const OptimizerConfig& config);

}  // namespace thalweg::config_rules
