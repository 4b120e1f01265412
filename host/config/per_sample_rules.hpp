#pragma once
// The rules of [per_sample]: ranges and names, and what would break the guarantee that noise is meant to
// give.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

/// Throws ConfigError, as validate_config.
void check_per_sample(const Config& config);
void check_private_training(const Config& config);

}  // namespace thalweg::config_rules
