#include "host/config/settings.hpp"

#include <algorithm>

#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "host/config/wanted.hpp"

namespace thalweg {
namespace {

const char* type_of(const std::string&) { return "text"; }
const char* type_of(double) { return "number"; }
const char* type_of(std::int64_t) { return "integer"; }
const char* type_of(bool) { return "flag"; }
template <class T>
const char* type_of(const std::vector<T>&) {
  return "list";
}
template <NamedEnum E>
const char* type_of(const E&) {
  return "choice";
}

/// Its own part, where no other section has it, then the names that other tools give it.
std::vector<std::string> other_names_of(const std::string& key, const Setting& setting) {
  std::vector<std::string> names = aliases_of(setting);
  const std::string own(setting.name);
  const bool listed = std::find(names.begin(), names.end(), own) != names.end();
  if (!listed && own != key && resolve_key(own).name == key) names.insert(names.begin(), own);
  return names;
}

/// Without the table of texts, which a run does not need.
Setting description_of(std::string_view key) {
  Setting found;
  const Config config;
  with_setting(config, key, [&](const Setting& setting, const auto&) { found = setting; });
  return found;
}

}  // namespace

const std::vector<SettingInfo>& settings() {
  static const std::vector<SettingInfo> all = [] {
    std::vector<SettingInfo> table;
    const Config config;
    for_each_described_setting(config, [&](const char* section, const Setting& setting, const auto& value) {
      const std::string key = full_key(section, setting.name);
      table.push_back({.key = key,
                       .section = section,
                       .about = std::string(setting.about),
                       .type = type_of(value),
                       .wanted = wanted(setting, value),
                       .default_text = toml_of(setting, value),
                       .words = words(setting, value),
                       .other_names = other_names_of(key, setting)});
    });
    return table;
  }();
  return all;
}

const std::vector<SectionInfo>& sections() {
  static const std::vector<SectionInfo> all = [] {
    std::vector<SectionInfo> table{{"", std::string(Config::kAbout)}};
    const Config config;
    Config::sections(config, [&](const char* name, const auto& fields) {
      table.push_back({name, std::string(std::remove_cvref_t<decltype(fields)>::kAbout)});
    });
    return table;
  }();
  return all;
}

const SettingInfo* find_setting(std::string_view key) {
  const auto found = std::find_if(settings().begin(), settings().end(),
                                  [&](const SettingInfo& setting) { return setting.key == key; });
  return found == settings().end() ? nullptr : &*found;
}

OnResume on_resume(std::string_view key) { return description_of(key).on_resume; }

bool is_read_by(ReadBy reader, std::string_view key) {
  const auto readers = static_cast<unsigned>(description_of(key).read_by);
  return (readers & static_cast<unsigned>(reader)) != 0;
}

}  // namespace thalweg
