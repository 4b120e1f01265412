#include "host/config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "thalweg/error.hpp"

namespace thalweg::config_rules {

void refuse(const std::string& message) { throw ConfigError(message); }

void one_of(std::string_view key, const std::string& value, const Names& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  refuse(
      fmt::format("{} = {}: wanted one of {}{}", key, value_to_toml(value), all, did_you_mean(value, known)));
}

void within(std::string_view key, double value, Bound low, Bound high) {
  const bool fits = (low.open ? value > low.value : value >= low.value) &&
                    (high.open ? value < high.value : value <= high.value);
  if (fits) return;  // a NaN does not
  refuse(fmt::format("{} = {}: wanted {} {} and {} {}", key, value, low.open ? "more than" : "at least",
                     low.value, high.open ? "less than" : "at most", high.value));
}

void at_least(std::string_view key, double value, double low) {
  if (!(value >= low) || !std::isfinite(value)) {  // mutant: finite-required
    refuse(fmt::format("{} = {}: wanted a finite number of at least {}", key, value, low));
  }
}

void above(std::string_view key, double value, double low) {
  if (!(value > low) || !std::isfinite(value)) {
    refuse(fmt::format("{} = {}: wanted a finite number above {}", key, value, low));
  }
}

void at_least(std::string_view key, std::int64_t value, std::int64_t low) {
  if (value < low) refuse(fmt::format("{} = {}: wanted at least {}", key, value, low));
}

void at_most(std::string_view key, std::int64_t value, std::int64_t high) {
  if (value > high) refuse(fmt::format("{} = {}: wanted at most {}", key, value, high));
}

}  // namespace thalweg::config_rules
