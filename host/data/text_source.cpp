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

TextSource::TextSource(std::string path, std::unique_ptr<ByteSource> bytes, RecordEnd record_end)
    : path_(std::move(path)), record_end_(record_end), bytes_(std::move(bytes)) {}

/// Appends a piece, no larger than what is left of the file; false at the end.
bool TextSource::fill(std::string& text) {
  const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(bytes_->most_bytes() - taken_, 0));
  const std::size_t want = std::min<std::uint64_t>(kBlock, left + 1);
  const std::size_t old = text.size();
  text.resize(old + want);
  const auto got = static_cast<std::size_t>(bytes_->read(text.data() + old, static_cast<std::int64_t>(want)));
  text.resize(old + got);
  taken_ += static_cast<std::int64_t>(got);
  ended_ = got < want;
  return !ended_;
}

/// One past the last record end, 0 if there is none. What was searched is not searched again: a record may be
/// long.
std::size_t TextSource::last_record_end(const std::string& text) {
  const bool quotes = record_end_ == RecordEnd::line_outside_quotes;
  std::size_t end = 0;
  if (!quotes || (!quoted_ && text.find('"', searched_) == std::string::npos)) {
    const std::size_t newline = std::string_view(text).substr(searched_).rfind('\n');
    if (newline != std::string_view::npos) end = searched_ + newline + 1;
  } else {
    // An even number of quotes before a line end means that it is outside of them: a doubled quote counts
    // twice.
    for (std::size_t i = searched_; i < text.size(); ++i) {
      if (text[i] == '"') quoted_ = !quoted_;
      if (text[i] == '\n' && !quoted_) end = i + 1;
    }
  }
  searched_ = text.size();
  return end;
}

bool TextSource::next(TextBlock& block) {
  block.text = std::move(rest_);
  rest_.clear();
  block.first_line = line_;
  searched_ = 0;
  quoted_ = false;
  std::size_t end = 0;
  for (bool more = true; more && end == 0;) {
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
