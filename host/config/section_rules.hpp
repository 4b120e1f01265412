#pragma once
// The description of a setting as a check of its value: for a whole config, or for one section that a program
// passes to a part of the engine.
#include "host/config/keys.hpp"
#include "host/config/wanted.hpp"

namespace thalweg::config_rules {

/// Throws ConfigError if the value has not the range or the form of the setting.
template <class T>
void check_setting(std::string_view section, const Setting& setting, const T& value) {
  if (fits(setting, value)) return;
  std::string_view text;
  if constexpr (std::is_same_v<T, std::string>) text = value;
  refuse_value(full_key(section, setting.name), shown_value(value), wanted(setting, value),
               suggestion(setting, value, text));
}

/// Checks each setting of a section that stands alone.
template <class Section>
void check_section(std::string_view name, const Section& section) {
  Section::fields(section,
                  [&](const Setting& setting, const auto& value) { check_setting(name, setting, value); });
}

}  // namespace thalweg::config_rules
