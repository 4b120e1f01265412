#include "host/config/settings_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace thalweg {
namespace {

/// The default as a flag has it: without the quotes of TOML.
std::string flag_value(const SettingInfo& setting) {
  const std::string& text = setting.default_text;
  return text.starts_with('"') ? text.substr(1, text.size() - 2) : text;
}

std::string file_line(const SettingInfo& setting) {
  const std::string name = setting.key.substr(setting.section.empty() ? 0 : setting.section.size() + 1);
  const std::string line = fmt::format("{} = {}", name, setting.default_text);
  return setting.section.empty() ? line : fmt::format("[{}] {}", setting.section, line);
}

std::string title(const SectionInfo& section) {
  return section.name.empty() ? section.about : fmt::format("[{}] {}", section.name, section.about);
}

constexpr const char* kPageHead = R"(# Settings

`thalweg schema --markdown` writes this page from the descriptions in `include/thalweg/settings/`.
Every setting is a flag, `--section.key=value`, and a line of the TOML file, `key = value` under `[section]`.
A flag overrides the file. `thalweg help KEY` says on the command line what stands here.
)";

}  // namespace

std::string section_help(const SectionInfo& section) {
  std::string text = title(section) + "\n";
  for (const SettingInfo& setting : settings()) {
    if (setting.section != section.name) continue;
    text += fmt::format("  {:<36} {} ({})\n", fmt::format("--{}={}", setting.key, flag_value(setting)),
                        setting.about, setting.wanted);
  }
  return text;
}

std::string settings_help() {
  std::string text =
      "Settings with their defaults, each as --section.key=value or in the TOML file; `thalweg help KEY` "
      "says "
      "more of one:\n";
  for (const SectionInfo& section : sections()) text += "\n" + section_help(section);
  return text;
}

std::string setting_help(const SettingInfo& setting) {
  std::string text = fmt::format("{}: {}\n  takes    {}\n  default  {}\n  flag     --{}={}\n  file     {}\n",
                                 setting.key, setting.about, setting.wanted, setting.default_text,
                                 setting.key, flag_value(setting), file_line(setting));
  if (!setting.other_names.empty())
    text += fmt::format("  also as  {}\n", fmt::join(setting.other_names, ", "));
  return text;
}

std::string settings_markdown() {
  std::string text = kPageHead;
  for (const SectionInfo& section : sections()) {
    text += section.name.empty() ? fmt::format("\n## {}\n", section.about)
                                 : fmt::format("\n## `[{}]`: {}\n", section.name, section.about);
    text += "\n| setting | meaning | takes | default | also as |\n|---|---|---|---|---|\n";
    for (const SettingInfo& setting : settings()) {
      if (setting.section != section.name) continue;
      text += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", setting.key, setting.about, setting.wanted,
                          setting.default_text, fmt::join(setting.other_names, ", "));
    }
  }
  return text;
}

Json settings_json() {
  Json::Array all;
  for (const SettingInfo& setting : settings()) {
    Json object;
    object["key"] = setting.key;
    object["section"] = setting.section;
    object["about"] = setting.about;
    object["type"] = setting.type;
    object["takes"] = setting.wanted;
    object["default"] = setting.default_text;
    object["values"] = setting.words;
    object["other_names"] = setting.other_names;
    all.push_back(std::move(object));
  }
  Json root;
  root["settings"] = std::move(all);
  return root;
}

}  // namespace thalweg
