#include "host/data/text_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
/// A record longer than this is a quote that never closes or no text at all, and would eat all memory.
constexpr std::size_t kLongestRecord = std::size_t{1} << 28;

}  // namespace

TextSource::TextSource(std::string path, std::unique_ptr<ByteSource> bytes, RecordEnd record_end,
                       std::string comment)
    : path_(std::move(path)),
      record_end_(record_end),
      comment_(std::move(comment)),
      bytes_(std::move(bytes)) {}

/// Appends a piece, no larger than what is left of the file; false at the end.
bool TextSource::fill(std::string& text) {
  const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(bytes_->most_bytes() - taken_, 0));
  const std::size_t want = std::min<std::uint64_t>(kBlock, left + 1);
  const std::size_t old = text.size();
  text.resize(old + want);
  const auto size = static_cast<std::int64_t>(want);
  const std::int64_t got =
      first_lines_ > 0 ? bytes_->read_ready(text.data() + old, size) : bytes_->read(text.data() + old, size);
  text.resize(old + static_cast<std::size_t>(got));
  taken_ += got;
  ended_ = first_lines_ > 0 ? got == 0 : got < size;
  return !ended_;
}

/// One past the last record end, 0 if there is none. What was searched is not searched again: a record may be
/// long.
std::size_t TextSource::last_record_end(const std::string& text) {
  const bool quotes = record_end_ == RecordEnd::line_outside_quotes;
  const bool may_quote = quoted_ || text.find('"', searched_) != std::string::npos;
  if (quotes && (may_quote || !comment_.empty())) return last_end_outside_quotes(text);
  const std::size_t newline = std::string_view(text).substr(searched_).rfind('\n');
  const std::size_t end = newline == std::string_view::npos ? 0 : searched_ + newline + 1;
  searched_ = text.size();
  return end;
}

/// An even number of quotes before a line end means that it is outside of them: a doubled quote counts twice.
std::size_t TextSource::last_end_outside_quotes(const std::string& text) {
  std::size_t end = 0, i = searched_;
  for (; i < text.size(); ++i) {
    const bool begins_line = !quoted_ && (i == 0 || text[i - 1] == '\n');
    if (begins_line && !comment_.empty()) {
      if (text.size() - i < comment_.size()) break;  // the next piece tells
      const bool comment = text.compare(i, comment_.size(), comment_) == 0;
      const std::size_t line_end = comment ? text.find('\n', i) : i;
      if (line_end == std::string::npos) break;
      i = line_end;
    }
    if (text[i] == '"') quoted_ = !quoted_;
    if (text[i] == '\n' && !quoted_) end = i + 1;
  }
  searched_ = i;
  return end;
}

bool TextSource::next(TextBlock& block) {
  block.text = std::move(rest_);
  rest_.clear();
  block.first_line = line_;
  searched_ = 0;
  quoted_ = false;
  std::size_t end = 0;
  const std::int64_t least = line_ == 1 ? std::max<std::int64_t>(first_lines_, 1) : 1;
  const auto lines_to = [&](std::size_t at) {
    return std::count(block.text.begin(), block.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  };
  for (bool more = true; more && (end == 0 || (least > 1 && lines_to(end) < least));) {
    more = fill(block.text);
    if (first_ && block.text.starts_with("\xEF\xBB\xBF")) block.text.erase(0, 3);
    first_ = false;
    end = more ? last_record_end(block.text) : block.text.size();
    if (end == 0 && block.text.size() > kLongestRecord)
      throw DataError(fmt::format("{} line {}: a record of more than {} MiB; want one sample per line{}",
                                  path_, line_, kLongestRecord >> 20,
                                  record_end_ == RecordEnd::line ? "" : " and every quote closed"));
  }
  rest_.assign(block.text, end, std::string::npos);
  block.text.resize(end);
  line_ += std::count(block.text.begin(), block.text.end(), '\n');
  return !block.text.empty();
}

}  // namespace thalweg
