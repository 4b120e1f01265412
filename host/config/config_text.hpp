#pragma once
// Config from TOML text that is already in memory, and what differs between two configs.
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

/// As read_config_file; `source` stands in messages where the file's name would. An error leaves `config` as
/// it was.
void read_config_text(std::string_view text, const std::string& source, Config& config);

struct SettingDifference {
  std::string key;  ///< full key
  std::string before, after;
};
/// The settings that differ, in the order of the config file; the values as TOML.
std::vector<SettingDifference> config_differences(const Config& before, const Config& after);

}  // namespace thalweg
