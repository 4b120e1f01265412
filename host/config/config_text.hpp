#pragma once
// Config from TOML text that is already in memory, and what differs between two configs.
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

/// Reads a config from a stream, as read_config_file does; messages name `source` instead of a file. An error
/// leaves `config` unchanged.
void read_config_text(std::string_view text, const std::string& source, Config& config);

struct SettingDifference {
  std::string key;  ///< full key
  std::string before, after;
};
/// The settings that differ, in the order of the config file; the values as TOML.
std::vector<SettingDifference> config_differences(const Config& before, const Config& after);

}  // namespace thalweg
