#include "host/data/csv_problems.hpp"

#include <fmt/format.h>

#include "host/data/labels.hpp"
#include "host/data/number_looks.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
std::string CsvProblems::cell(std::string_view text, std::size_t column, std::int64_t line,
                              std::string_view want) const {
  return fmt::format("{} line {}, {}: got {}; {}", request_.path, line, layout_.column(column), shown(text),
                     want);
}

std::string CsvProblems::comment_hint(std::string_view begin) const {
  const bool comment = begin.starts_with('#') && request_.config.comment.empty();
  return comment ? " (data.comment = \"#\" if the line is a comment)" : "";
}

std::string CsvProblems::no_number(std::string_view text, std::size_t column, std::int64_t line) const {
  const std::string look = looks_like(text, layout_.name(column));
  if (!look.empty())
    return fmt::format("{} line {}, {}: got {}, {}", request_.path, line, layout_.column(column), shown(text),
                       look);
  const bool may_be_header = line == 1 && request_.config.header == Header::automatic;
  return cell(text, column, line, "want a number, as in the rest of the column") +
         (may_be_header ? " (data.header = \"yes\" if the line names the columns)" : "") +
         (column == 0 ? comment_hint(text) : "");
}

std::string CsvProblems::width(std::size_t cells, std::int64_t line, std::string_view begin) const {
  const bool guessed = request_.config.delimiter == Delimiter::automatic && layout_.dialect.delimiter == ' ';
  return fmt::format("{} line {}: {} cells; want {} as in the rest of the file{}{}", request_.path, line,
                     cells, layout_.columns.size(), comment_hint(begin),
                     guessed ? ", whose first line has no delimiter but blanks (data.delimiter)" : "");
}

std::size_t CsvProblems::column_of(std::int32_t feature) const {
  std::size_t c = 0;
  while (layout_.columns[c].feature != feature) ++c;
  return c;
}

void CsvProblems::check_too_many(std::int32_t feature, std::size_t texts) const {
  if (texts <= kMostCategories) return;
  throw DataError(
      fmt::format("{}, {}: more than {} distinct texts; want numbers or a few categories, leave the "
                  "column out with data.ignore, or hash the texts with data.hash_bits = 22",
                  request_.path, layout_.column(column_of(feature)), kMostCategories));
}

void CsvProblems::check_categories(std::int32_t feature, std::size_t texts, std::int64_t rows) const {
  const std::size_t c = column_of(feature);
  const bool nearly_distinct = static_cast<double>(texts) > 0.9 * static_cast<double>(rows);
  if (rows < kFewRows || !nearly_distinct || request_.schema || layout_.columns[c].categorical) return;
  throw DataError(fmt::format(
      "{}, {}: {} distinct texts in {} rows; want a few categories: leave the column out with data.ignore, "
      "name the rows by it with data.id, or keep it with data.categorical",
      request_.path, layout_.column(c), texts, rows));
}

void CsvProblems::check_labels(std::size_t texts, std::int64_t rows) const {
  const auto target = static_cast<std::size_t>(layout_.target);
  if (layout_.target < 0 || layout_.columns[target].role != CsvRole::target_text) return;
  const bool nearly_distinct = static_cast<double>(texts) > 0.5 * static_cast<double>(rows);
  if (rows < kFewRows || !nearly_distinct || request_.schema || layout_.columns[target].categorical) return;
  throw DataError(
      fmt::format("{}, {}: the target has {} distinct texts in {} rows; want numbers, or classes that each "
                  "have some rows "
                  "(data.target names another column, data.categorical takes these as classes)",
                  request_.path, layout_.column(target), texts, rows));
}

}  // namespace thalweg
