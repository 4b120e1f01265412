#pragma once
// The names of the settings: "section.key" for every field of Config, and the other names they go by.
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

/// Calls visit(section, description, value) for every setting, in the order of the config file; the section
/// is empty for settings outside any.
template <class Self, class Visit>
void for_each_described_setting(Self& config, Visit&& visit) {
  Config::fields(config, [&](const Setting& setting, auto& value) { visit("", setting, value); });
  Config::sections(config, [&](const char* section, auto& fields) {
    std::remove_cvref_t<decltype(fields)>::fields(
        fields, [&](const Setting& setting, auto& value) { visit(section, setting, value); });
  });
}

std::string full_key(std::string_view section, std::string_view name);

/// Calls visit(full key, value) for every setting, in the order of the config file.
template <class Self, class Visit>
void for_each_setting(Self& config, Visit&& visit) {
  for_each_described_setting(config, [&](const char* section, const Setting& setting, auto& value) {
    visit(full_key(section, setting.name), value);
  });
}

/// Calls visit(description, value) for the setting of that full key.
template <class Self, class Visit>
void with_setting(Self& config, std::string_view key, Visit&& visit) {
  for_each_described_setting(config, [&](const char* section, const Setting& setting, auto& value) {
    if (full_key(section, setting.name) == key) visit(setting, value);
  });
}

/// All full keys, and the sections, in the order of the config file.
const std::vector<std::string>& setting_keys();
const std::vector<std::string>& setting_sections();

/// The names that other tools give to `setting`.
std::vector<std::string> aliases_of(const Setting& setting);

struct ResolvedKey {
  std::string name;     ///< the full key; empty: there is none
  std::string problem;  ///< then this says why, with the nearest known names
};

/// Finds the setting of `key`: its full name, or its bare name if only one section has it. Names of PyTorch,
/// scikit-learn, XGBoost and LightGBM work too. '-' counts as '_'.
ResolvedKey resolve_key(std::string_view key);

/// `; did you mean "a" or "b"?` for the known names nearest to `word`; empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);
/// The same for names that are known to be meant.
std::string did_you_mean_these(const std::vector<std::string>& names);

}  // namespace thalweg
