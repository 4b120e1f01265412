#pragma once
// The cells of RFC 4180 text, one after the other.
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

class CsvCells {
 public:
  /// Space as delimiter means any run of blanks, also ahead of and behind a record's cells.
  CsvCells(std::string_view text, char delimiter, std::int64_t first_line, const std::string& source)
      : p_(text.data()), end_(p_ + text.size()), delimiter_(delimiter), line_(first_line), source_(source) {}

  /// To the next record that is not a blank line; false at the end of the text.
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
  void take_line_end();

  const char* p_;
  const char* end_;
  char delimiter_;
  std::int64_t line_;
  const std::string& source_;
  std::int64_t record_line_ = 0;
  bool more_cells_ = false;
  std::string unquoted_;
};

}  // namespace thalweg
