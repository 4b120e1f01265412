#include "host/data/number_label.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/text.hpp"

namespace thalweg {
namespace {

/// The digits of a whole number as written, else those of the double.
std::string digits_of(std::string_view text, double value) {
  text = trimmed(text);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text.find_first_not_of("0123456789") != std::string_view::npos)
    return fmt::format("{:.0f}", std::abs(value));
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  return std::string(text);
}

}  // namespace

std::optional<NumberLabel> number_label(std::string_view text) {
  NumberLabel label;
  if (parse_number(text, label.value) != ParsedNumber::ok) return std::nullopt;
  if (!is_exact_in_double(label.value)) label.digits = digits_of(text, label.value);
  return label;
}

bool operator<(const NumberLabel& a, const NumberLabel& b) {
  if (a.value != b.value) return a.value < b.value;
  const bool smaller =
      a.digits.size() != b.digits.size() ? a.digits.size() < b.digits.size() : a.digits < b.digits;
  return a.value > 0 ? smaller : !smaller && a.digits != b.digits;
}

}  // namespace thalweg
