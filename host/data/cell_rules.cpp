#include "host/data/cell_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The marks between thousands that the setting stands for; a space may be one that does not break.
std::vector<std::string_view> marks_of(Thousands thousands) {
  switch (thousands) {
    case Thousands::none:
      return {};
    case Thousands::comma:
      return {","};
    case Thousands::point:
      return {"."};
    case Thousands::space:
      return {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"};
    case Thousands::apostrophe:
      return {"'", "\xE2\x80\x99"};
  }
  return {};
}

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

/// Moves a mark and its three digits from `rest` to `plain`; false if they do not stand there.
bool take_group(std::string_view& rest, const std::vector<std::string_view>& marks, std::string& plain) {
  for (const std::string_view mark : marks) {
    if (!rest.starts_with(mark) || digits_at(rest.substr(mark.size())) != 3) continue;
    plain += rest.substr(mark.size(), 3);
    rest.remove_prefix(mark.size() + 3);
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> plain_number(std::string_view text, Decimal decimal, Thousands thousands) {
  std::string_view rest = trimmed(text);
  std::string plain;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) plain += rest[0], rest.remove_prefix(1);
  const std::size_t first = digits_at(rest);
  // "0,123" is a fraction rather than 123
  const bool may_group = first >= 1 && first <= 3 && rest[0] != '0';
  plain += rest.substr(0, first);
  rest.remove_prefix(first);
  while (may_group && take_group(rest, marks_of(thousands), plain)) continue;
  const char mark = decimal == Decimal::comma ? ',' : '.';
  if (rest.starts_with(mark)) plain += '.', rest.remove_prefix(1);
  if (rest.find_first_of(".,") != std::string_view::npos) return std::nullopt;
  return plain.append(rest);
}

MissingTexts::MissingTexts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::string_view inner = trimmed(text);
    double number;
    if (parse_number(inner, number) == ParsedNumber::ok) numbers_.push_back(number);
    texts_.push_back(in_lower_case(inner));
    longest_ = std::max(longest_, inner.size());
  }
}

bool MissingTexts::contains(std::string_view text) const {
  text = trimmed(text);
  if (text.empty()) return true;
  if (text.size() > longest_) return false;
  return std::find(texts_.begin(), texts_.end(), in_lower_case(text)) != texts_.end();
}

CellRules::CellRules(const DataConfig& config)
    : decimal(config.decimal), thousands(config.thousands), missing(config.missing), comment(config.comment) {
  if (!comment.empty() && comment.find_first_not_of("0123456789") == std::string::npos)
    throw ConfigError(fmt::format(
        "data.comment = {}: rows begin with it, too; want a text that is not a number", shown(comment)));
  const bool comma = decimal == Decimal::comma && thousands == Thousands::comma;
  const bool point = decimal == Decimal::point && thousands == Thousands::point;
  if (comma || point)
    throw ConfigError(fmt::format("data.decimal = {} and data.thousands = {} are one mark; want two",
                                  name_of(decimal), name_of(thousands)));
}

bool CellRules::is_missing(std::string_view text) const {
  if (missing.contains(text)) return true;
  double value;
  return parse(text, value) == ParsedNumber::ok && missing.contains_value(value);
}

}  // namespace thalweg
