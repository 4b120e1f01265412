#include "host/config/values.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace thalweg {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

template <class T>
bool number_from_text(std::string_view text, T& value) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  value = parsed;
  return true;
}

/// The items of "a, b", "[a, b]" or "(a, b,)". A quoted item keeps its commas and blanks. Nothing when a
/// bracket or quote is not closed or an item is missing.
std::optional<std::vector<std::string>> list_items(std::string_view text) {
  text = trim(text);
  if (!text.empty() && (text.front() == '[' || text.front() == '(')) {
    const char close = text.front() == '[' ? ']' : ')';
    if (text.size() < 2 || text.back() != close) return std::nullopt;
    text = trim(text.substr(1, text.size() - 2));
  }
  std::vector<std::string> items;
  while (!text.empty()) {
    std::size_t end;
    if (text.front() == '"' || text.front() == '\'') {
      const std::size_t close = text.find(text.front(), 1);
      if (close == std::string_view::npos) return std::nullopt;
      items.emplace_back(text.substr(1, close - 1));
      text = trim(text.substr(close + 1));
      if (!text.empty() && text.front() != ',') return std::nullopt;
      end = text.empty() ? std::string_view::npos : 0;
    } else {
      end = text.find(',');
      const std::string_view item = trim(text.substr(0, end));
      if (item.empty()) return std::nullopt;
      items.emplace_back(item);
    }
    if (end == std::string_view::npos) break;
    text = trim(text.substr(end + 1));
  }
  return items;
}

template <class T>
std::string list_to_toml(const std::vector<T>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + value_to_toml(values[i]);
  }
  return text + "]";
}

}  // namespace

bool value_from_text(std::string_view text, std::string& value) {
  if (!is_utf8(text)) return false;
  value = text;
  return true;
}

bool value_from_text(std::string_view text, double& value) { return number_from_text(text, value); }
bool value_from_text(std::string_view text, std::int64_t& value) { return number_from_text(text, value); }

bool value_from_text(std::string_view text, bool& value) {
  text = trim(text);
  const bool yes = text == "true" || text == "True" || text == "yes" || text == "on" || text == "1";
  const bool no = text == "false" || text == "False" || text == "no" || text == "off" || text == "0";
  if (!yes && !no) return false;
  value = yes;
  return true;
}

bool value_from_text(std::string_view text, std::vector<std::string>& value) {
  if (!is_utf8(text)) return false;
  std::optional<std::vector<std::string>> items = list_items(text);
  if (!items) return false;
  value = std::move(*items);
  return true;
}

bool value_from_text(std::string_view text, std::vector<std::int64_t>& value) {
  const std::optional<std::vector<std::string>> items = list_items(text);
  if (!items) return false;
  std::vector<std::int64_t> parsed(items->size());
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    if (!number_from_text((*items)[i], parsed[i])) return false;
  }
  value = std::move(parsed);
  return true;
}

std::string value_to_toml(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7f) {  // mutant: del-escaped
      text += fmt::format("\\u{:04x}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string value_to_toml(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // without it TOML reads an integer
  return text;
}

std::string value_to_toml(std::int64_t value) { return fmt::format("{}", value); }
std::string value_to_toml(bool value) { return value ? "true" : "false"; }
std::string value_to_toml(const std::vector<std::string>& value) { return list_to_toml(value); }
std::string value_to_toml(const std::vector<std::int64_t>& value) { return list_to_toml(value); }

/// Well-formed as RFC 3629 says: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    const unsigned lead = byte(i);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xc2 ? 4
                             : lead < 0xe0 ? 1
                             : lead < 0xf0 ? 2
                             : lead < 0xf5 ? 3
                                           : 4;
    if (more == 4 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    if (more >= 2) {
      const unsigned second = byte(i + 1);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;
      if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace thalweg
