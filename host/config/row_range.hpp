#pragma once
// Row ranges of a source, as settings write them: "begin:end".
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

/// Rows [begin, end) of a source.
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();

  bool bounded() const { return end != std::numeric_limits<std::int64_t>::max(); }
};

/// "begin:end", either side may be empty; an empty text is all rows. Nothing for any other text.
std::optional<RowRange> row_range_from(std::string_view text);

/// The same; throws ConfigError naming `key` for any other text.
RowRange parse_row_range(const std::string& text, const std::string& key);

}  // namespace thalweg
