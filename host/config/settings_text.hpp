#pragma once
// The table of settings as a reader meets it: help, docs/settings.md, JSON.
#include <string>

#include "host/config/settings.hpp"
#include "host/json/json.hpp"

namespace thalweg {

/// A line for each setting, by section.
std::string settings_help();
/// The same for one section.
std::string section_help(const SectionInfo& section);
/// All that is known of one setting.
std::string setting_help(const SettingInfo& setting);

/// docs/settings.md
std::string settings_markdown();
Json settings_json();

}  // namespace thalweg
