#include "host/data/number_looks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "host/data/text.hpp"

namespace thalweg {

bool has_decimal_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  const std::string_view fraction = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  if (fraction.empty() || fraction[0] < '0' || fraction[0] > '9') return false;
  if (text.find('.') != std::string_view::npos) return false;
  return is_number(std::string(text.substr(0, comma)).append(".").append(fraction));
}

namespace {

constexpr std::string_view kSpaces[] = {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"};
constexpr std::string_view kCurrencies[] = {"$",   "\xE2\x82\xAC" /* euro */,  "\xC2\xA3" /* pound */,
                                            "USD", "\xC2\xA5" /* yen */,       "EUR",
                                            "GBP", "\xE2\x82\xB9" /* rupee */, "CHF"};
constexpr std::string_view kPlaceholders[] = {"-",       "--",      "---",     ".",     "..",     "...",
                                              "none",    "nil",     "#n/a",    "#na",   "n.a.",   "na.",
                                              "<na>",    "n/d",     "#value!", "nul",   "-nan",   "#div/0!",
                                              "missing", "unknown", "#ref!",   "nan()", "<null>", "*"};

/// Reads a text from its begin; each call takes what it names or nothing.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}
  bool digits(std::size_t least, std::size_t most) {
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (count < least || count > most) return false;
    rest_.remove_prefix(count);
    return true;
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  /// One character of `any`, or 0.
  char one_of(std::string_view any) {
    if (rest_.empty() || any.find(rest_[0]) == std::string_view::npos) return 0;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  bool begins_with(char c) const { return rest_.starts_with(c); }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Digits in groups of three, `least` marks or more, with a fraction behind `decimal` if it is not 0. No
/// thousands begin with a 0.
bool is_grouped(std::string_view text, std::string_view mark, char decimal, int least) {
  Scan scan(text);
  scan.one_of("+-");
  if (scan.begins_with('0') || !scan.digits(1, 3)) return false;
  int groups = 0;
  for (; scan.take(mark); ++groups)
    if (!scan.digits(3, 3)) return false;
  if (decimal != 0 && scan.one_of({&decimal, 1}) != 0 && !scan.digits(0, text.size())) return false;
  return groups >= least && scan.at_end();
}

bool has_space_marks(std::string_view text) {
  return std::any_of(std::begin(kSpaces), std::end(kSpaces), [&](std::string_view space) {
    return is_grouped(text, space, '.', 1) || is_grouped(text, space, ',', 1);
  });
}

std::optional<NumberLook> marked_number(std::string_view text) {
  if (is_grouped(text, ",", 0, 1) && has_decimal_comma(text))
    return NumberLook{"a number with a comma as decimal or thousands mark",
                      "data.decimal = \"comma\" or data.thousands = \"comma\""};
  if (has_decimal_comma(text)) return NumberLook{"a number with a decimal comma", "data.decimal = \"comma\""};
  if (is_grouped(text, ",", '.', 1))
    return NumberLook{"a number with commas between its thousands", "data.thousands = \"comma\""};
  if (is_grouped(text, ".", 0, 2) || is_grouped(text, ".", ',', 1))
    return NumberLook{"a number with points between its thousands",
                      "data.thousands = \"point\" and data.decimal = \"comma\""};
  if (has_space_marks(text))
    return NumberLook{"a number with spaces between its thousands", "data.thousands = \"space\""};
  if (is_grouped(text, "'", '.', 1) || is_grouped(text, "\xE2\x80\x99", '.', 1))
    return NumberLook{"a number with apostrophes between its thousands", "data.thousands = \"apostrophe\""};
  return std::nullopt;
}

bool is_amount(std::string_view text) { return is_number(text) || marked_number(text).has_value(); }

/// The sign or unit around an amount.
std::optional<NumberLook> wrapped_number(std::string_view text) {
  std::string_view inner = text;
  if (inner.starts_with('(') && inner.ends_with(')') && is_amount(inner.substr(1, inner.size() - 2)))
    return NumberLook{"a negative number in parentheses"};
  if (inner.ends_with('-') && is_amount(inner.substr(0, inner.size() - 1)))
    return NumberLook{"a number with its minus sign behind it"};
  for (const std::string_view minus : {"\xE2\x88\x92", "\xE2\x80\x93"})
    if (inner.starts_with(minus) && is_amount(inner.substr(minus.size())))
      return NumberLook{"a number with a minus sign that is not the ASCII one"};
  if (inner.ends_with('%') && is_amount(trimmed(inner.substr(0, inner.size() - 1))))
    return NumberLook{"a percentage"};
  const char sign = Scan(inner).one_of("+-(");
  if (sign != 0) inner.remove_prefix(1);
  if (sign == '(' && inner.ends_with(')')) inner.remove_suffix(1);
  for (const std::string_view currency : kCurrencies) {
    const bool before = inner.starts_with(currency) && is_amount(trimmed(inner.substr(currency.size())));
    const bool behind =
        inner.ends_with(currency) && is_amount(trimmed(inner.substr(0, inner.size() - currency.size())));
    if (before || behind) return NumberLook{"an amount of money"};
  }
  return std::nullopt;
}

bool is_hexadecimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  return text.size() > 2 && text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

/// As Fortran writes it; "1D5" alone may be a code.
bool has_d_exponent(std::string_view text) {
  const std::size_t d = text.find_first_of("dD");
  if (d == std::string_view::npos || !is_number(text.substr(0, d))) return false;
  Scan exponent(text.substr(d + 1));
  const bool sure = exponent.one_of("+-") != 0 || text.substr(0, d).find('.') != std::string_view::npos;
  return sure && exponent.digits(1, 3) && exponent.at_end();
}

bool take_time(Scan& scan) {
  if (!scan.digits(1, 2) || !scan.take(":") || !scan.digits(2, 2)) return false;
  if (scan.take(":") && !scan.digits(2, 2)) return false;
  if (scan.one_of(".,") != 0 && !scan.digits(1, 9)) return false;
  return true;
}

bool is_time(std::string_view text) {
  Scan scan(text);
  return take_time(scan) && scan.at_end();
}

/// Year, month, day in either order, with a time of day or none.
bool is_date(std::string_view text) {
  Scan year_first(text), scan(text);
  const bool from_year = year_first.digits(4, 4);
  const bool from_day = !from_year && scan.digits(1, 2);
  if (from_year) scan = year_first;
  if (!from_year && !from_day) return false;
  const char mark = scan.one_of("-/.");
  if (mark == 0 || !scan.digits(1, 2) || scan.one_of({&mark, 1}) == 0) return false;
  const bool short_year = from_day && mark != '.' && scan.digits(2, 2);
  if (!short_year && !(from_year ? scan.digits(1, 2) : scan.digits(4, 4))) return false;
  if (scan.at_end()) return true;
  if (scan.one_of(" T") == 0 || !take_time(scan)) return false;
  const bool offset = scan.one_of("+-") != 0;
  if (offset && !(scan.digits(2, 4) && (!scan.take(":") || scan.digits(2, 2)))) return false;
  if (!offset) scan.take("Z");
  return scan.at_end();
}

}  // namespace

std::optional<NumberLook> number_look(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.size() > 64) return std::nullopt;
  if (const auto marked = marked_number(text)) return marked;
  if (const auto wrapped = wrapped_number(text)) return wrapped;
  if (is_hexadecimal(text)) return NumberLook{"a hexadecimal number"};
  if (has_d_exponent(text)) return NumberLook{"a number with a D exponent"};
  if (is_date(text)) return NumberLook{"a date"};
  if (is_time(text)) return NumberLook{"a time of day"};
  return std::nullopt;
}

std::optional<NumberLook> look_of_no_number(std::string_view text) {
  double value;
  if (parse_number(text, value) == ParsedNumber::ok)
    return NumberLook{"a number with a decimal point", "data.decimal = \"point\""};
  return number_look(text);
}

bool is_placeholder(std::string_view text) {
  const std::string lower = in_lower_case(trimmed(text));
  return std::find(std::begin(kPlaceholders), std::end(kPlaceholders), lower) != std::end(kPlaceholders);
}

std::string looks_like(std::string_view text, const std::string& column) {
  const std::string otherwise =
      fmt::format("data.categorical = [{0}] for categories, or data.ignore = [{0}]", shown(column));
  if (is_placeholder(text))
    return fmt::format("where the column has numbers; want data.missing = [{}] if it stands for no value, {}",
                       shown(trimmed(text)), otherwise);
  const std::optional<NumberLook> look = look_of_no_number(text);
  if (!look) return "";
  return fmt::format("which looks like {}; want {}, {}", look->what, look->way_out, otherwise);
}

}  // namespace thalweg
