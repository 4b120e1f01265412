#include "host/data/utf16_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPiece = std::int64_t{1} << 16;
constexpr std::int64_t kOrderMarkBytes = 4;

class Utf16Source : public ByteSource {
 public:
  Utf16Source(const std::string& path, std::unique_ptr<ByteSource> source)
      : path_(path), source_(std::move(source)) {
    char mark[2] = {};
    at_ = source_->read(mark, 2);
    big_endian_ = mark[0] == '\xFE';
  }

  std::int64_t read(void* to, std::int64_t size) override {
    while (std::ssize(text_) < size && !ended_) decode_piece();
    const std::size_t given = text_.copy(static_cast<char*>(to), static_cast<std::size_t>(size));
    text_.erase(0, given);
    return static_cast<std::int64_t>(given);
  }

  /// Two bytes of UTF-16 are at most three of UTF-8.
  std::int64_t most_bytes() const override {
    const std::int64_t most = source_->most_bytes();
    return most > std::numeric_limits<std::int64_t>::max() / 2 ? most : most / 2 * 3;
  }
  std::int64_t stored_done() const override { return source_->stored_done(); }
  std::int64_t stored_total() const override { return source_->stored_total(); }

 private:
  void decode_piece() {
    std::string piece(static_cast<std::size_t>(kPiece), '\0');
    piece.resize(static_cast<std::size_t>(source_->read(piece.data(), kPiece)));
    ended_ = std::ssize(piece) < kPiece;
    if (piece.size() % 2 != 0)
      throw DataError(fmt::format("{} is cut off: its UTF-16 text ends inside a character", path_));
    for (std::size_t i = 0; i < piece.size(); i += 2, at_ += 2) take(unit(piece[i], piece[i + 1]));
    if (ended_ && high_ != 0)
      throw DataError(fmt::format("{} is cut off: its UTF-16 text ends inside a character", path_));
  }

  std::uint32_t unit(char first, char second) const {
    const auto low = static_cast<unsigned char>(big_endian_ ? second : first);
    const auto high = static_cast<unsigned char>(big_endian_ ? first : second);
    return high * 256u + low;
  }

  /// Characters beyond 2^16 are pairs, 0xD800 to 0xDBFF and then 0xDC00 to 0xDFFF.
  void take(std::uint32_t unit) {
    const bool is_low = unit >= 0xDC00 && unit < 0xE000;
    if (is_low != (high_ != 0))
      throw DataError(fmt::format("{}: not UTF-16 near byte {}, as its first two bytes say", path_, at_));
    if (is_low)
      append_utf8(0x10000 + (std::exchange(high_, 0) - 0xD800) * 0x400 + (unit - 0xDC00), text_);
    else if (unit >= 0xD800 && unit < 0xDC00)
      high_ = unit;
    else
      append_utf8(unit, text_);
  }

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  std::string text_;
  std::int64_t at_ = 0;
  std::uint32_t high_ = 0;  // the first half of a pair; 0: none
  bool big_endian_ = false, ended_ = false;
};

/// The mark of UTF-16; UTF-32's is another.
bool begins_utf16(std::string_view head) {
  using namespace std::string_view_literals;
  return (head.starts_with("\xFF\xFE"sv) && !head.starts_with("\xFF\xFE\0\0"sv)) ||
         head.starts_with("\xFE\xFF"sv);
}

/// The first bytes tell, and nothing is read before they are wanted.
class Utf8Source : public ByteSource {
 public:
  Utf8Source(const std::string& path, std::unique_ptr<ByteSource> source)
      : path_(path), source_(std::move(source)) {}

  std::int64_t read(void* to, std::int64_t size) override {
    if (!std::exchange(decided_, true)) decide();
    return source_->read(to, size);
  }
  std::int64_t read_ready(void* to, std::int64_t size) override {
    if (!std::exchange(decided_, true)) decide();
    return source_->read_ready(to, size);
  }
  bool is_ready() const override { return source_->is_ready(); }
  std::int64_t most_bytes() const override { return source_->most_bytes(); }
  std::int64_t stored_done() const override { return source_->stored_done(); }
  std::int64_t stored_total() const override { return source_->stored_total(); }
  std::shared_ptr<const InputFile> file() const override { return source_->file(); }

 private:
  void decide() {
    auto [head, source] = peek_line(std::move(source_), kOrderMarkBytes);
    source_ = std::move(source);
    if (begins_utf16(head)) source_ = std::make_unique<Utf16Source>(path_, std::move(source_));
  }

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  bool decided_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> as_utf8(const std::string& path, std::unique_ptr<ByteSource> source) {
  return std::make_unique<Utf8Source>(path, std::move(source));
}

void append_utf8(std::uint32_t point, std::string& text) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr unsigned kFirst[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kFirst[more] | (point >> 6 * more & 0x3F));
  for (int i = more; i-- > 0;) text += static_cast<char>(0x80 | (point >> 6 * i & 0x3F));
}

}  // namespace thalweg
