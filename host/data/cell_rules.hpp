#pragma once
// How the settings say that cells of a text file are written: numbers, missing values, comment lines.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/text.hpp"
#include "thalweg/config.hpp"

namespace thalweg {

/// `text` with a point as decimal mark and without thousands marks; nothing if its marks do not stand where
/// such a number has them, as in groups of three digits.
std::optional<std::string> plain_number(std::string_view text, Decimal decimal, Thousands thousands);

/// The texts of data.missing, and the empty one. Texts that are numbers (-999) stand for their value.
class MissingTexts {
 public:
  explicit MissingTexts(const std::vector<std::string>& texts);
  bool contains(std::string_view text) const;
  template <class Real>
  bool contains_value(Real value) const {
    for (const double number : numbers_)
      if (static_cast<Real>(number) == value) return true;
    return false;
  }

 private:
  std::vector<std::string> texts_;  // in lower case
  std::vector<double> numbers_;
  std::size_t longest_ = 0;
};

struct CellRules {
  explicit CellRules(const DataConfig& config);

  /// A value of data.missing is not_a_number, and is_missing tells it.
  template <class Real>
  ParsedNumber number(std::string_view text, Real& value) const {
    const ParsedNumber parsed = parse(text, value);
    const bool stands_for_none = parsed == ParsedNumber::ok && missing.contains_value(value);
    return stands_for_none ? ParsedNumber::not_a_number : parsed;
  }
  bool is_missing(std::string_view text) const;

  Decimal decimal;
  Thousands thousands;
  MissingTexts missing;
  std::string comment;  ///< begin of a comment line; empty: there are none

 private:
  template <class Real>
  ParsedNumber parse(std::string_view text, Real& value) const {
    if (decimal == Decimal::point && thousands == Thousands::none) return parse_number(text, value);
    const std::optional<std::string> plain = plain_number(text, decimal, thousands);
    return plain ? parse_number(*plain, value) : ParsedNumber::not_a_number;
  }
};

}  // namespace thalweg
