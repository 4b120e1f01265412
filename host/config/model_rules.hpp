#pragma once
// Settings of [model] out of their range or in contradiction; the config's check and the model itself ask
// here.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

/// Throws ConfigError, as validate_config.
void check_model(const ModelConfig& config);

}  // namespace thalweg::config_rules
