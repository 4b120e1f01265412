#include "host/data/text_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
/// A record longer than this is a quote that never closes or no text at all, and would eat all memory.
constexpr std::size_t kLongestRecord = std::size_t{1} << 28;

}  // namespace

TextSource::TextSource(const std::string& path, RecordEnd record_end)
    : path_(path), record_end_(record_end), bytes_(open_file(path)) {}

bool TextSource::fill(std::string& text) {
  const std::size_t old = text.size();
  text.resize(old + kBlock);
  const auto got = static_cast<std::size_t>(bytes_->read(text.data() + old, kBlock));
  text.resize(old + got);
  return got == kBlock;
}

/// One past the last record end, 0 if there is none.
std::size_t TextSource::last_record_end(const std::string& text) const {
  const bool quotes =
      record_end_ == RecordEnd::line_outside_quotes && std::memchr(text.data(), '"', text.size()) != nullptr;
  if (!quotes) {
    const std::size_t newline = text.rfind('\n');
    return newline == std::string::npos ? 0 : newline + 1;
  }
  // An even number of quotes before a line end means that it is outside of them: a doubled quote counts
  // twice.
  std::size_t end = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') inside = !inside;
    if (text[i] == '\n' && !inside) end = i + 1;
  }
  return end;
}

bool TextSource::next(TextBlock& block) {
  block.text = std::move(rest_);
  rest_.clear();
  block.first_line = line_;
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
