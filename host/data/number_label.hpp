#pragma once
// Labels that are numbers. Doubles tell whole numbers below 2^53 apart, the digits those beyond.
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

struct NumberLabel {
  double value = 0;
  std::string digits;  ///< of a value from 2^53 on, without leading zeros; else empty

  bool operator==(const NumberLabel&) const = default;
};

/// None if the text is not a number.
std::optional<NumberLabel> number_label(std::string_view text);

/// In the order of numbers.
bool operator<(const NumberLabel& a, const NumberLabel& b);

/// Whether no other whole number becomes this double.
inline bool is_exact_in_double(double value) { return value > -0x1p53 && value < 0x1p53; }

}  // namespace thalweg
