#include "host/data/csv_cells.hpp"

#include <fmt/format.h>

#include "thalweg/error.hpp"

namespace thalweg {

void CsvCells::take_line_end() {
  if (p_ < end_ && *p_ == '\r') ++p_;
  if (p_ < end_ && *p_ == '\n') ++p_, ++line_;
}

bool CsvCells::next_record() {
  while (p_ < end_) {
    if (delimiter_ == ' ') skip_blanks();
    if (at_comment()) {
      while (!at_line_end()) ++p_;
    } else if (p_ < end_ && !at_line_end()) {
      record_line_ = line_;
      more_cells_ = true;
      return true;
    }
    take_line_end();
  }
  return false;
}

bool CsvCells::next_cell(std::string_view& cell) {
  if (!more_cells_) return false;
  if (p_ < end_ && *p_ == '"') return quoted_cell(cell);
  const char* begin = p_;
  while (p_ < end_ && *p_ != delimiter_ && *p_ != '\n') {
    if (*p_ == '"')
      throw DataError(
          fmt::format("{} line {}: a quote inside a cell that does not begin with one; want the cell "
                      "in quotes and its quotes doubled (RFC 4180)",
                      source_, line_));
    if (delimiter_ == ' ' && *p_ == '\t') break;
    if (*p_ == '\r' && at_line_end()) break;
    if (*p_ == '\r')
      throw DataError(
          fmt::format("{} line {}: a carriage return inside a line; want lines that end with \\n or \\r\\n",
                      source_, line_));
    ++p_;
  }
  cell = {begin, static_cast<std::size_t>(p_ - begin)};
  finish_cell();
  return true;
}

bool CsvCells::quoted_cell(std::string_view& cell) {
  const std::int64_t opened = line_;
  unquoted_.clear();
  for (++p_;; ++p_) {
    if (p_ == end_)
      throw DataError(fmt::format("{} line {}: a quoted cell that never closes", source_, opened));
    if (*p_ == '"' && (p_ + 1 == end_ || p_[1] != '"')) break;
    if (*p_ == '"') ++p_;
    if (*p_ == '\n') ++line_;  // mutant: quoted-line-counted
    unquoted_ += *p_;
  }
  ++p_;
  const bool blank_ends = delimiter_ == ' ' && p_ < end_ && (*p_ == ' ' || *p_ == '\t');
  if (!at_line_end() && *p_ != delimiter_ && !blank_ends)
    throw DataError(
        fmt::format("{} line {}: text after the closing quote of a cell; want a delimiter or the line's end",
                    source_, line_));
  cell = unquoted_;
  finish_cell();
  return true;
}

/// Steps over the delimiter or the line end behind a cell.
void CsvCells::finish_cell() {
  if (delimiter_ == ' ') skip_blanks();
  if (at_line_end()) {
    take_line_end();
    more_cells_ = false;
  } else if (delimiter_ != ' ') {
    ++p_;
  }
}

}  // namespace thalweg
