#pragma once
// A text file, plain or compressed, as blocks that end where a record ends, so that blocks can be parsed
// apart.
#include <cstdint>
#include <memory>
#include <string>

#include "host/data/byte_source.hpp"

namespace thalweg {

struct TextBlock {
  std::string text;
  std::int64_t first_line = 1;
};

/// The end of a record: every line end, or (RFC 4180) line ends outside quotes.
enum class RecordEnd { line, line_outside_quotes };

class TextSource {
 public:
  /// Quotes in a line that begins with `comment` do not count; empty: there are none.
  TextSource(std::string path, std::unique_ptr<ByteSource> bytes, RecordEnd record_end,
             std::string comment = "");

  /// From now on blocks end where the input pauses: nothing whole waits for more to come. The first one has
  /// at least so many line ends.
  void give_at_once(std::int64_t first_lines) { first_lines_ = first_lines; }

  /// The next block, about a megabyte; false at the end of the file. A byte order mark is dropped.
  bool next(TextBlock& block);

  /// Whether next() need not wait for a byte; without give_at_once it may always be called.
  bool is_ready() const { return first_lines_ == 0 || ended_ || bytes_->is_ready(); }

  /// Whether next() would give nothing more.
  bool at_end() const { return ended_ && rest_.empty(); }

  const std::string& path() const { return path_; }
  std::int64_t stored_done() const { return bytes_->stored_done(); }
  std::int64_t stored_total() const { return bytes_->stored_total(); }

 private:
  bool fill(std::string& text);
  std::size_t last_record_end(const std::string& text);
  std::size_t last_end_outside_quotes(const std::string& text);

  std::string path_;
  RecordEnd record_end_;
  std::string comment_;
  std::unique_ptr<ByteSource> bytes_;
  std::string rest_;          // begins a record
  std::size_t searched_ = 0;  // bytes of the block that hold no record end, and whether they end in quotes
  bool quoted_ = false;
  std::int64_t taken_ = 0;
  std::int64_t first_lines_ = 0;  // 0: blocks are filled
  std::int64_t line_ = 1;
  bool first_ = true;
  bool ended_ = false;
};

}  // namespace thalweg
