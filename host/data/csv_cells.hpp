#pragma once
// The cells of RFC 4180 text, one after the other.
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

struct CsvDialect {
  /// A space means any run of blanks, also ahead of and behind a record's cells.
  char delimiter = ',';
  std::string comment;  ///< begin of a line that is not a record; empty: none is
};

class CsvCells {
 public:
  CsvCells(std::string_view text, const CsvDialect& dialect, std::int64_t first_line,
           const std::string& source)
      : p_(text.data()),
        end_(p_ + text.size()),
        delimiter_(dialect.delimiter),
        comment_(dialect.comment),
        line_(first_line),
        source_(source) {}

  /// To the next record that is neither a blank line nor a comment; false at the end of the text.
  bool next_record();
  /// The next cell of the record, quotes taken off; false at its end. The text stays good until the next
  /// call.
  bool next_cell(std::string_view& cell);
  /// Line where the current record began.
  std::int64_t record_line() const { return record_line_; }
  const char* position() const { return p_; }
  /// Line where the next record begins.
  std::int64_t line() const { return line_; }

 private:
  bool quoted_cell(std::string_view& cell);
  void finish_cell();
  bool at_line_end() const {
    return p_ == end_ || *p_ == '\n' || (*p_ == '\r' && (p_ + 1 == end_ || p_[1] == '\n'));
  }
  void skip_blanks() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\t')) ++p_;
  }
  bool at_comment() const {
    return !comment_.empty() &&
           std::string_view(p_, static_cast<std::size_t>(end_ - p_)).starts_with(comment_);
  }
  void take_line_end();

  const char* p_;
  const char* end_;
  char delimiter_;
  std::string_view comment_;
  std::int64_t line_;
  const std::string& source_;
  std::int64_t record_line_ = 0;
  bool more_cells_ = false;
  std::string unquoted_;
};

}  // namespace thalweg
