#pragma once
// A setting's value to and from text. One overload per type that a setting can have; choice.hpp reads
// choices.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/names.hpp"

namespace thalweg {

/// Reads the text of a flag; false leaves `value` as it was.
bool value_from_text(std::string_view text, std::string& value);
bool value_from_text(std::string_view text, double& value);
bool value_from_text(std::string_view text, std::int64_t& value);
bool value_from_text(std::string_view text, bool& value);
bool value_from_text(std::string_view text, std::vector<std::string>& value);
bool value_from_text(std::string_view text, std::vector<std::int64_t>& value);

/// The value as TOML; numbers in the shortest form that reads back to the same bits.
std::string value_to_toml(const std::string& value);
std::string value_to_toml(double value);
std::string value_to_toml(std::int64_t value);
std::string value_to_toml(bool value);
std::string value_to_toml(const std::vector<std::string>& value);
std::string value_to_toml(const std::vector<std::int64_t>& value);
template <NamedEnum E>
std::string value_to_toml(E value) {
  return value_to_toml(std::string(name_of(value)));
}

bool is_utf8(std::string_view text);

}  // namespace thalweg
