#pragma once
// A setting's value to and from text. One overload per type that a setting can have.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Reads the text of a flag; false leaves `value` as it was.
bool value_from_text(std::string_view text, std::string& value);
bool value_from_text(std::string_view text, double& value);
bool value_from_text(std::string_view text, std::int64_t& value);
bool value_from_text(std::string_view text, bool& value);
bool value_from_text(std::string_view text, std::vector<std::string>& value);
bool value_from_text(std::string_view text, std::vector<std::int64_t>& value);

/// What the type wants, for messages: "an integer".
const char* wanted(const std::string&);
const char* wanted(double);
const char* wanted(std::int64_t);
const char* wanted(bool);
const char* wanted(const std::vector<std::string>&);
const char* wanted(const std::vector<std::int64_t>&);

/// The value as TOML; numbers in the shortest form that reads back to the same bits.
std::string value_to_toml(const std::string& value);
std::string value_to_toml(double value);
std::string value_to_toml(std::int64_t value);
std::string value_to_toml(bool value);
std::string value_to_toml(const std::vector<std::string>& value);
std::string value_to_toml(const std::vector<std::int64_t>& value);

/// Spellings of yes and no for the settings that are text because they also know "auto".
void unify_spelling(std::string_view key, std::string& value);
template <class T>
void unify_spelling(std::string_view, T&) {}

bool is_utf8(std::string_view text);

}  // namespace thalweg
