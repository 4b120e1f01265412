#pragma once
// Settings of [data] out of their range or form; the config's check and each reader ask here.
#include "thalweg/config.hpp"

namespace thalweg::config_rules {

/// Throws ConfigError, as validate_config.
void check_data(const DataConfig& config);

}  // namespace thalweg::config_rules
