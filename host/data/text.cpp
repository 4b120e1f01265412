#include "host/data/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace thalweg {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Blanks outside ASCII that programs write around numbers and texts.
constexpr std::string_view kWideBlanks[] = {"\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xEF\xBB\xBF"};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Whether a wide blank was taken off.
bool take_wide_blank(std::string_view& text) {
  if (text.empty() || (is_ascii(text.front()) && is_ascii(text.back()))) return false;
  for (const std::string_view blank : kWideBlanks) {
    if (text.starts_with(blank))
      text.remove_prefix(blank.size());
    else if (text.ends_with(blank))
      text.remove_suffix(blank.size());
    else
      continue;
    return true;
  }
  return false;
}

/// from_chars reports numbers below the smallest subnormal and above the largest float alike. The former are
/// zeros of their sign.
template <class Real>
ParsedNumber out_of_range(std::string_view text, Real& value) {
  const double nearest = std::strtod(std::string(text).c_str(), nullptr);
  if (std::abs(nearest) > 1.0) return ParsedNumber::not_finite;
  value = static_cast<Real>(nearest);
  return ParsedNumber::ok;
}

template <class Real>
ParsedNumber parse_real(std::string_view text, Real& value) {
  const char* first = text.data();
  const char* last = first + text.size();
  while (first < last && is_blank(*first)) ++first;
  while (first < last && is_blank(last[-1])) --last;
  std::string_view inner(first, static_cast<std::size_t>(last - first));
  if (take_wide_blank(inner)) return parse_real(inner, value);
  if (first < last && *first == '+' && last - first > 1 && first[1] != '-') ++first;
  const auto [end, error] = std::from_chars(first, last, value);
  if (end != last || error == std::errc::invalid_argument) return ParsedNumber::not_a_number;
  if (error == std::errc::result_out_of_range)
    return out_of_range({first, static_cast<std::size_t>(last - first)}, value);
  return std::isfinite(value) ? ParsedNumber::ok : ParsedNumber::not_finite;
}

}  // namespace

ParsedNumber parse_number(std::string_view text, float& value) { return parse_real(text, value); }
ParsedNumber parse_number(std::string_view text, double& value) { return parse_real(text, value); }

bool is_number(std::string_view text) {
  double value;
  return parse_number(text, value) == ParsedNumber::ok;
}

bool parse_integer(std::string_view text, std::int64_t& value) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return end == last && error == std::errc();
}

std::string_view trimmed(std::string_view text) {
  do {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  } while (take_wide_blank(text));
  return text;
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F)
      result += {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    else
      result += c;
  }
  return result + (text.size() > kLongest ? "...\"" : "\"");
}

std::int32_t TextCodes::find(std::string_view text) const {
  if (last_ >= 0 && texts_[static_cast<std::size_t>(last_)] == text) return last_;
  const auto found = codes_.find(text);
  return found == codes_.end() ? -1 : found->second;
}

std::int32_t TextCodes::code(std::string_view text) {
  last_ = find(text);
  if (last_ < 0) {
    last_ = static_cast<std::int32_t>(texts_.size());
    texts_.emplace_back(text);
    codes_.emplace(texts_.back(), last_);
  }
  return last_;
}

}  // namespace thalweg
