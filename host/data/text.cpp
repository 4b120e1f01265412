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

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

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

bool is_missing(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return true;
  if (text.size() > 4) return false;
  char word[5] = {};
  for (std::size_t i = 0; i < text.size() && i < 4; ++i) word[i] = lower(text[i]);
  const std::string_view w(word, text.size());
  return w == "na" || w == "n/a" || w == "nan" || w == "null" || w == "?";  // mutant: null-is-missing
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
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
