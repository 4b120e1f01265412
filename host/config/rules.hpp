#pragma once
// The vocabulary of validate_config: each rule throws ConfigError naming the key, the value and what is
// allowed.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::config_rules {

using Names = std::vector<std::string>;

/// One of the known names; otherwise lists them, with the nearest one.
void one_of(std::string_view key, const std::string& value, const Names& known);

/// A bound of an interval, open or closed.
struct Bound {
  double value;
  bool open = false;
};
constexpr Bound open(double value) { return {value, true}; }

void within(std::string_view key, double value, Bound low, Bound high);
void at_least(std::string_view key, double value, double low);  ///< and finite
void above(std::string_view key, double value, double low);     ///< and finite
void at_least(std::string_view key, std::int64_t value, std::int64_t low);
void at_most(std::string_view key, std::int64_t value, std::int64_t high);

[[noreturn]] void refuse(const std::string& message);

}  // namespace thalweg::config_rules
