#pragma once
// What a setting takes: in words, whether a value is it, and what may have been meant instead. One overload
// for each type that a setting can have.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/choice.hpp"
#include "host/config/values.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

/// "a number above 0", for messages, help and documentation.
std::string wanted(const Setting& setting, const std::string&);
std::string wanted(const Setting& setting, double);
std::string wanted(const Setting& setting, std::int64_t);
std::string wanted(const Setting& setting, bool);
std::string wanted(const Setting& setting, const std::vector<std::string>&);
std::string wanted(const Setting& setting, const std::vector<std::int64_t>&);
template <NamedEnum E>
std::string wanted(const Setting&, const E&) {
  return one_of(names_of<E>());
}

/// False for NaN.
bool contains(const Range& range, double x);

/// Whether `text` is "auto" and the setting has a number for it, which `value` becomes.
bool takes_auto(const Setting& setting, std::string_view text, double& value);
bool takes_auto(const Setting& setting, std::string_view text, std::int64_t& value);
template <class T>
bool takes_auto(const Setting&, std::string_view, T&) {
  return false;
}

/// Whether the value is the number that stands for "auto". As a text it is none: a rate of 0 is a mistake.
bool is_auto(const Setting& setting, double value);
bool is_auto(const Setting& setting, std::int64_t value);
template <class T>
bool is_auto(const Setting&, const T&) {
  return false;
}

/// The value as TOML, with the word "auto" where it stands for that.
template <class T>
std::string toml_of(const Setting& setting, const T& value) {
  return is_auto(setting, value) ? "\"auto\"" : value_to_toml(value);
}

/// Whether the setting takes the value, which is of its type already.
bool fits(const Setting& setting, const std::string& value);
bool fits(const Setting& setting, double value);
bool fits(const Setting& setting, std::int64_t value);
bool fits(const Setting& setting, const std::vector<std::int64_t>& value);
template <class T>
bool fits(const Setting&, const T&) {
  return true;
}

/// Words that the setting takes: the names of a choice, the words of a text, true and false.
std::vector<std::string> words(const Setting& setting, const std::string&);
std::vector<std::string> words(const Setting& setting, double);
std::vector<std::string> words(const Setting& setting, std::int64_t);
std::vector<std::string> words(const Setting&, bool);
template <NamedEnum E>
std::vector<std::string> words(const Setting&, const E&) {
  return names_of<E>();
}
template <class T>
std::vector<std::string> words(const Setting&, const T&) {
  return {};
}

/// "; did you mean ..." for a text that is not what the setting takes; may be empty.
std::string suggestion(const Setting& setting, const std::string&, std::string_view text);
std::string suggestion(const Setting& setting, double, std::string_view text);
std::string suggestion(const Setting& setting, std::int64_t, std::string_view text);
template <NamedEnum E>
std::string suggestion(const Setting&, const E&, std::string_view text) {
  return suggestion_for_choice<E>(text);
}
template <class T>
std::string suggestion(const Setting&, const T&, std::string_view) {
  return {};
}

/// The value as messages show it: texts in quotes, numbers in the shortest form.
std::string shown_value(double value);
template <class T>
std::string shown_value(const T& value) {
  return value_to_toml(value);
}

}  // namespace thalweg
