#include "host/config/data_rules.hpp"

#include "host/config/section_rules.hpp"

namespace thalweg::config_rules {

void check_data(const DataConfig& config) { check_section("data", config); }

}  // namespace thalweg::config_rules
