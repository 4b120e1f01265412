#pragma once
// Shared by the text readers: numbers, names in messages.
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace thalweg {

enum class ParsedNumber { ok, not_a_number, not_finite };

/// Reads all of `text` (a sign and blanks as in trimmed() allowed) as the nearest float. Numbers too small
/// become zero; numbers too large, "inf" and "nan" are not_finite.
ParsedNumber parse_number(std::string_view text, float& value);
ParsedNumber parse_number(std::string_view text, double& value);
bool is_number(std::string_view text);

/// All of `text` as an integer; false if it is none or does not fit.
bool parse_integer(std::string_view text, std::int64_t& value);

/// Without the blanks at its ends, those outside ASCII (no-break space, byte order mark) among them.
std::string_view trimmed(std::string_view text);

/// With A to Z in lower case.
std::string in_lower_case(std::string_view text);

/// A value for an error message: quoted, control characters shown, shortened when long.
std::string shown(std::string_view text);

/// Distinct texts, coded in order of first appearance.
class TextCodes {
 public:
  std::int32_t code(std::string_view text);
  /// The code of a text that is already there, or -1.
  std::int32_t find(std::string_view text) const;
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> codes_;
  std::vector<std::string> texts_;
  std::int32_t last_ = -1;  // neighbouring rows often share a text
};

}  // namespace thalweg
