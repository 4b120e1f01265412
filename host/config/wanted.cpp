#include "host/config/wanted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/config/keys.hpp"
#include "host/config/text_form.hpp"

namespace thalweg {
namespace {

/// " of at least 0", " above 0 and less than 1"; empty for the whole line.
std::string range_text(const Range& range) {
  if (!range.low_open && !range.high_open && std::isfinite(range.low) && std::isfinite(range.high))
    return fmt::format(" from {} to {}", range.low, range.high);
  std::string text;
  if (std::isfinite(range.low))
    text = fmt::format("{} {}", range.low_open ? " above" : " of at least", range.low);
  if (std::isfinite(range.high))
    text += fmt::format(" and {} {}", range.high_open ? "less than" : "at most", range.high);
  return text;
}

bool has_auto(const Setting& setting) { return !std::isnan(setting.automatic); }

std::string auto_or(const Setting& setting) { return has_auto(setting) ? "auto or " : ""; }

/// Words for "nothing", where the setting's own word is 0.
std::string suggestion_of_zero(const Range& range, std::string_view text) {
  const std::string word = plain_word(text);
  const bool nothing = word == "none" || word == "off" || word == "no" || word == "false" || word == "null";
  return nothing && contains(range, 0) ? did_you_mean_these({"0"}) : "";
}

}  // namespace

std::string wanted(const Setting& setting, const std::string&) { return wanted_text(setting.form); }
std::string wanted(const Setting& setting, double) {
  const bool finite = setting.range.high_open && std::isinf(setting.range.high);
  return fmt::format("{}a {}number{}", auto_or(setting), finite ? "finite " : "", range_text(setting.range));
}
std::string wanted(const Setting& setting, std::int64_t) {
  return fmt::format("{}an integer{}", auto_or(setting), range_text(setting.range));
}
std::string wanted(const Setting&, bool) { return "true or false"; }
std::string wanted(const Setting&, const std::vector<std::string>&) {
  return "a list of texts, such as [\"a\", \"b\"]";
}
std::string wanted(const Setting& setting, const std::vector<std::int64_t>&) {
  return fmt::format("a list of integers{}, such as [512, 512]", range_text(setting.range));
}

bool takes_auto(const Setting& setting, std::string_view text, double& value) {
  if (!has_auto(setting) || text != "auto") return false;
  value = setting.automatic;
  return true;
}
bool takes_auto(const Setting& setting, std::string_view text, std::int64_t& value) {
  double number = 0;
  if (!takes_auto(setting, text, number)) return false;
  value = static_cast<std::int64_t>(number);
  return true;
}

bool is_auto(const Setting& setting, double value) { return value == setting.automatic; }
bool is_auto(const Setting& setting, std::int64_t value) {
  return is_auto(setting, static_cast<double>(value));
}

bool contains(const Range& range, double x) {
  const bool from_low = range.low_open ? x > range.low : x >= range.low;    // mutant: low-end-open
  const bool to_high = range.high_open ? x < range.high : x <= range.high;  // mutant: finite-required
  return from_low && to_high;
}

bool fits(const Setting& setting, const std::string& value) { return has_form(setting.form, value); }
bool fits(const Setting& setting, double value) {
  return is_auto(setting, value) || contains(setting.range, value);
}
bool fits(const Setting& setting, std::int64_t value) {
  return is_auto(setting, value) ||
         contains(setting.range, static_cast<double>(value));  // mutant: integers-bounded
}
bool fits(const Setting& setting, const std::vector<std::int64_t>& value) {
  return std::all_of(value.begin(), value.end(), [&](std::int64_t item) { return fits(setting, item); });
}

std::vector<std::string> words(const Setting& setting, const std::string&) { return words_of(setting.form); }
std::vector<std::string> words(const Setting& setting, double) {
  return has_auto(setting) ? std::vector<std::string>{"auto"} : std::vector<std::string>{};
}
std::vector<std::string> words(const Setting& setting, std::int64_t) { return words(setting, 0.0); }
std::vector<std::string> words(const Setting&, bool) { return {"true", "false"}; }

std::string suggestion(const Setting& setting, const std::string&, std::string_view text) {
  return suggestion_for_text(setting.form, text);
}
std::string suggestion(const Setting& setting, double, std::string_view text) {
  return suggestion_of_zero(setting.range, text);
}
std::string suggestion(const Setting& setting, std::int64_t, std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? "; integers have 64 bits" : suggestion_of_zero(setting.range, text);
}

std::string shown_value(double value) { return fmt::format("{}", value); }

}  // namespace thalweg
