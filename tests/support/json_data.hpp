#pragma once
// Recorded data under tests/data.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/source_folder.hpp"
#include "thalweg/config.hpp"

namespace thalweg::test {

inline nlohmann::json read_test_data(const std::string& name) {
  std::ifstream file(source_folder() + "tests/data/" + name);
  if (!file) ADD_FAILURE() << "tests/data/" << name << " cannot be read";
  return nlohmann::json::parse(file);
}

/// Sets the fields of one section of the configuration that `settings` names; a name that is not a field
/// fails.
template <class Section>
Section section_from_json(const nlohmann::json& settings) {
  Section section;
  std::size_t used = 0;
  Section::fields(section, [&](const Setting& setting, auto& field) {
    const std::string name(setting.name);
    if (!settings.contains(name)) return;
    if constexpr (NamedEnum<std::remove_cvref_t<decltype(field)>>) {
      field = value_named<std::remove_cvref_t<decltype(field)>>(settings.at(name).get<std::string>()).value();
    } else {
      settings.at(name).get_to(field);
    }
    ++used;
  });
  EXPECT_EQ(used, settings.size()) << settings;
  return section;
}

}  // namespace thalweg::test
