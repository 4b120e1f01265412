#pragma once
// Settings that contradict [per_sample], and what would break the guarantee that noise is meant to give.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

/// Throws ConfigError, as validate_config.
void check_per_sample(const Config& config);
/// Noise without a bound to scale it by.
void check_bound(double clip_norm, double noise_multiplier);
void check_private_training(const Config& config);

}  // namespace thalweg::config_rules
