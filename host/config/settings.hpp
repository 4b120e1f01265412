#pragma once
// The settings as a table of texts, made from their descriptions: for help, documentation and completion.
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/setting.hpp"

namespace thalweg {

struct SettingInfo {
  std::string key;      ///< full key
  std::string section;  ///< empty outside any
  std::string about;
  std::string type;                ///< "choice", "number", "integer", "flag", "text", "list"
  std::string wanted;              ///< what it takes, in words
  std::string default_text;        ///< as TOML
  std::vector<std::string> words;  ///< names and words that it takes
  std::vector<std::string> other_names;
};

struct SectionInfo {
  std::string name;  ///< empty: settings outside any
  std::string about;
};

/// In the order of the config file.
const std::vector<SettingInfo>& settings();
const std::vector<SectionInfo>& sections();

/// The setting of that full key; null when there is none.
const SettingInfo* find_setting(std::string_view key);

/// Facts of the setting of a full key that there is.
OnResume on_resume(std::string_view key);
bool is_read_by(ReadBy reader, std::string_view key);

}  // namespace thalweg
