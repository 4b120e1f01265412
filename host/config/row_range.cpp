#include "host/config/row_range.hpp"

#include <charconv>

#include "host/config/choice.hpp"
#include "host/config/text_form.hpp"

namespace thalweg {
namespace {

/// An index, or nothing at all, which leaves `index` as it was.
bool read_side(std::string_view text, std::int64_t& index) {
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<RowRange> row_range_from(std::string_view text) {
  RowRange range;
  if (text.empty()) return range;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (!read_side(text.substr(0, colon), range.begin) || !read_side(text.substr(colon + 1), range.end))
    return std::nullopt;
  if (range.begin < 0 || range.begin >= range.end) return std::nullopt;
  return range;
}

RowRange parse_row_range(const std::string& text, const std::string& key) {
  const std::optional<RowRange> range = row_range_from(text);
  if (!range) refuse_value(key, '"' + text + '"', wanted_text(TextForm::row_range));
  return *range;
}

}  // namespace thalweg
