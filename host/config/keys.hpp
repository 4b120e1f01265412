#pragma once
// The names of the settings: "section.key" for every field of Config, and the other names they go by.
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

/// Calls visit(full key, value) for every setting, in the order of the config file.
template <class Self, class Visit>
void for_each_setting(Self& config, Visit&& visit) {
  Config::fields(config, [&](const char* name, auto& value) { visit(std::string(name), value); });
  Config::sections(config, [&](const char* section, auto& fields) {
    std::remove_cvref_t<decltype(fields)>::fields(
        fields, [&](const char* name, auto& value) { visit(std::string(section) + "." + name, value); });
  });
}

/// All full keys, and the sections, in the order of the config file.
const std::vector<std::string>& setting_keys();
const std::vector<std::string>& setting_sections();

struct ResolvedKey {
  std::string name;     ///< the full key; empty: there is none
  std::string problem;  ///< then this says why, with the nearest known names
};

/// Finds the setting that `key` means: its full name, its bare name where only one section has it, or the
/// name that PyTorch, scikit-learn, XGBoost or LightGBM give it. '-' counts as '_'.
ResolvedKey resolve_key(std::string_view key);

/// `; did you mean "a" or "b"?` for the known names nearest to `word`; empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace thalweg
