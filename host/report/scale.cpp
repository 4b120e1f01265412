#include "host/report/scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::report {
namespace {

constexpr double kSteps = 5;                               // about, on a linear axis
constexpr int kMostDecades = 6;                            // ticks of a logarithmic axis
constexpr int kDecadesWithSteps = 2;                       // up to here it has ticks at 1, 2 and 5
constexpr double kMostFraction = 1e-3, kLeastPower = 1e5;  // numbers outside are written with a power
constexpr double kRounding = 1e-9;                         // of a quotient that should be a whole number
constexpr double kMost = 1e300, kLeast = 1e-300;           // sizes of values that have a place
constexpr double kLeastWidth = 1e-12;                      // of an axis, beside its values

/// digit * 10^exponent, rounded once.
double decimal(double digit, int exponent) {
  const double power = std::pow(10.0, std::abs(exponent));
  return exponent < 0 ? digit / power : digit * power;
}

/// A constant gets room on both sides, and so do values that doubles hardly tell apart.
Interval with_width(Interval values) {
  if (!std::isfinite(values.low) || !std::isfinite(values.high)) return {0, 1};
  const double low = std::clamp(values.low, -kMost, kMost), high = std::clamp(values.high, -kMost, kMost);
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low > std::max(kLeast, size * kLeastWidth)) return {low, high};
  const double room = size < kLeast ? 1 : size / 2;
  return {low - room, low + room};
}

std::vector<double> linear_ticks(Interval values) {
  values = with_width(values);
  const double wanted = (values.high - values.low) / kSteps;
  int exponent = static_cast<int>(std::floor(std::log10(wanted) + kRounding));
  const double leading = wanted / decimal(1, exponent);
  double digit = leading < 1.5 ? 1 : leading < 3.5 ? 2 : leading < 7.5 ? 5 : 1;
  if (leading >= 7.5) ++exponent;
  const double step = decimal(digit, exponent);
  const double first = std::floor(values.low / step + kRounding),
               last = std::ceil(values.high / step - kRounding);
  std::vector<double> ticks;
  for (double k = first; k <= last; ++k) ticks.push_back(decimal(k * digit, exponent));
  return ticks;
}

std::vector<double> log_ticks(Interval values) {
  if (!(values.low > 0) || !std::isfinite(values.high)) return {1, 10};
  values = {std::clamp(values.low, kLeast, kMost), std::clamp(values.high, kLeast, kMost)};
  const int first = static_cast<int>(std::floor(std::log10(values.low) + kRounding)),
            last = static_cast<int>(std::ceil(std::log10(values.high) - kRounding));
  std::vector<double> ticks;
  if (last - first <= kDecadesWithSteps) {
    for (int exponent = first; exponent <= std::max(last, first + 1); ++exponent)
      for (const double digit : {1.0, 2.0, 5.0}) ticks.push_back(decimal(digit, exponent));
    while (ticks.size() > 2 && ticks[1] <= values.low) ticks.erase(ticks.begin());
    while (ticks.size() > 2 && ticks[ticks.size() - 2] >= values.high) ticks.pop_back();
    return ticks;
  }
  const int stride = (last - first + kMostDecades - 1) / kMostDecades;
  for (int exponent = first; exponent < last + stride; exponent += stride)
    ticks.push_back(decimal(1, exponent));
  return ticks;
}

/// "2.500e-04" as "2.5e-4".
std::string short_power(const std::string& text) {
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  std::string digits = text.substr(0, e);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return fmt::format("{}e{}", digits, std::stoi(text.substr(e + 1)));
}

}  // namespace

Scale::Scale(ScaleKind kind, Interval values, Interval positions)
    : kind_(kind),
      ticks_(kind == ScaleKind::log ? log_ticks(values) : linear_ticks(values)),
      positions_(positions) {}

bool Scale::shows(double value) const {
  return std::abs(value) <= kMost && (kind_ == ScaleKind::linear || value >= kLeast);
}

double Scale::share(double value) const {
  const double low = ticks_.front(), high = ticks_.back();
  if (kind_ == ScaleKind::linear) return (value - low) / (high - low);
  return (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
}

double Scale::at(double value) const {
  return positions_.low + share(value) * (positions_.high - positions_.low);
}

std::string number_text(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= 1000 && size < kLeastPower) return fmt::format("{:.0f}", value);
  std::string text = fmt::format("{:.4g}", value);
  if (size < kMostFraction) text = fmt::format("{:.3e}", value);
  return short_power(text);
}

}  // namespace thalweg::report
