#pragma once
// Command lines before they are parsed: settings with a space, and files that are meant as data.
#include <functional>
#include <string>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg::cli {

/// "--key value" as "--key=value" where the command has no option of that name.
std::vector<std::string> join_settings(std::vector<std::string> arguments,
                                       const std::function<bool(const std::string&)>& is_own_option);

/// Applies settings, "--section.key=value". Throws UsageError for what is not a setting, ConfigError for a
/// setting that is wrong.
void apply_settings(const std::vector<std::string>& settings, Config& config);

/// Reads the config file that a command line names. Throws UsageError where it names something else: data, or
/// a setting without its dashes.
void read_named_config(const std::string& path, Config& config, const ReadProgress& reading);

}  // namespace thalweg::cli
