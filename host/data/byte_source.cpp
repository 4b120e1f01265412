#include "host/data/byte_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "host/data/inflater.hpp"
#include "host/data/stored_bytes.hpp"
#include "host/data/utf16_source.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPiece = std::int64_t{1} << 20;
/// Real tables and images inflate 2 to 100 times; what inflates further may only do so up to a size that any
/// machine holds.
constexpr std::int64_t kUsualInflation = 200;
constexpr std::int64_t kHarmlessBytes = std::int64_t{256} << 20;

/// Compressed bytes that give nothing for longer than this are a header without end.
constexpr std::int64_t kMostIdleBytes = std::int64_t{1} << 20;

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(StoredBytes stored) : stored_(std::move(stored)) {}

  std::int64_t read(void* to, std::int64_t size) override {
    return stored_.read(static_cast<char*>(to), size);
  }
  std::int64_t read_ready(void* to, std::int64_t size) override {
    return stored_.read_ready(static_cast<char*>(to), size);
  }
  bool is_ready() const override { return stored_.is_ready(); }
  std::int64_t most_bytes() const override {
    return stored_total() == 0 ? std::numeric_limits<std::int64_t>::max() : stored_total();
  }
  std::int64_t stored_done() const override { return stored_.given(); }
  std::int64_t stored_total() const override { return stored_.file().size(); }
  std::shared_ptr<const InputFile> file() const override { return stored_.shared_file(); }

 private:
  StoredBytes stored_;
};

class InflatingSource : public ByteSource {
 public:
  InflatingSource(StoredBytes stored, const Compression& compression)
      : path_(stored.file().path()),
        stored_(std::move(stored)),
        compression_(compression),
        inflater_(compression.make()) {}

  std::int64_t read(void* to, std::int64_t size) override {
    std::int64_t done = 0;
    while (done < size && !ended_) {
      const std::int64_t got = inflate_some(static_cast<char*>(to) + done, size - done);
      done += got;
      inflated_ += got;                          // mutant: inflated-counted
      if (got > 0) idle_since_ = stored_done();  // mutant: idle-count-reset
      refuse_idle();
      // mutant: ratio-of-pipe
      check_inflation(path_, inflated_, stored_total() > 0 ? stored_total() : stored_done());
    }
    return done;
  }

  std::int64_t most_bytes() const override {
    constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max();
    if (stored_total() == 0 || stored_total() > kUnknown / compression_.most_inflation) return kUnknown;
    return stored_total() * compression_.most_inflation;
  }
  std::int64_t stored_done() const override { return stored_.given(); }
  std::int64_t stored_total() const override { return stored_.file().size(); }
  std::shared_ptr<const InputFile> file() const override { return stored_.shared_file(); }

 private:
  /// One piece of what is stored.
  std::int64_t inflate_some(char* to, std::int64_t size) {
    const std::string_view stored = stored_.ahead(1);
    Inflated made;
    try {
      made = inflater_->inflate(stored, to, static_cast<std::size_t>(size));
    } catch (const DamagedData& damage) {
      refuse(damage.reason);
    }
    stored_.skip(made.taken);
    const auto got = static_cast<std::int64_t>(made.given);
    if (made.member_ended)
      end_member();
    else if (stored.empty() && got == 0)
      throw DataError(fmt::format("{} is cut off: its {} data end early, after {} bytes of text or rows",
                                  path_, compression_.name, inflated_));
    return got;
  }

  void end_member() {
    const std::string_view padding = kZeros.substr(0, compression_.padding);
    for (; !padding.empty() && stored_.ahead(padding.size()).starts_with(padding); refuse_idle())
      stored_.skip(padding.size());
    const std::string_view next = stored_.ahead(kMagicBytes);
    ended_ = !compression_.begins(next);  // mutant: all-members-read
    if (!ended_) return inflater_->restart();
    stored_.file().require_unchanged();  // mutant: change-after-end
    if (!next.empty()) refuse("what follows its last frame is not another one");
  }

  void refuse_idle() const {
    if (stored_done() - idle_since_ > kMostIdleBytes)  // mutant: idle-limit
      refuse(fmt::format("more than {} MiB of them hold no data", kMostIdleBytes >> 20));
  }

  [[noreturn]] void refuse(std::string_view reason) const {
    throw DataError(fmt::format("{}: damaged {} data ({}), near byte {} of the file", path_,
                                compression_.name, reason, stored_done()));
  }

  static constexpr std::string_view kZeros{"\0\0\0\0", 4};
  std::string path_;
  StoredBytes stored_;
  const Compression& compression_;
  std::unique_ptr<Inflater> inflater_;
  std::int64_t inflated_ = 0, idle_since_ = 0;
  bool ended_ = false;
};

class RestoredSource : public ByteSource {
 public:
  RestoredSource(std::string head, std::unique_ptr<ByteSource> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  std::int64_t read(void* to, std::int64_t size) override {
    const std::size_t again = head_.copy(static_cast<char*>(to), static_cast<std::size_t>(size), given_);
    given_ += again;  // mutant: peeked-once
    const auto done = static_cast<std::int64_t>(again);
    return done == size ? done : done + rest_->read(static_cast<char*>(to) + done, size - done);
  }
  std::int64_t read_ready(void* to, std::int64_t size) override {
    return given_ < head_.size()
               ? read(to, std::min(size, std::ssize(head_) - static_cast<std::int64_t>(given_)))
               : rest_->read_ready(to, size);
  }
  bool is_ready() const override { return given_ < head_.size() || rest_->is_ready(); }
  std::int64_t most_bytes() const override { return rest_->most_bytes(); }
  std::int64_t stored_done() const override { return rest_->stored_done(); }
  std::int64_t stored_total() const override { return rest_->stored_total(); }
  std::shared_ptr<const InputFile> file() const override { return rest_->file(); }

 private:
  std::string head_;
  std::size_t given_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

}  // namespace

void check_inflation(const std::string& name, std::int64_t inflated, std::int64_t stored) {
  if (inflated > kHarmlessBytes && inflated / kUsualInflation > stored)
    throw DataError(fmt::format(
        "{} inflates to more than {} times its {} bytes, as a file made to fill the memory does; if "
        "it is none, give it uncompressed",
        name, kUsualInflation, stored));
}

std::unique_ptr<ByteSource> open_file(const std::string& path, const ReadProgress& progress) {
  StoredBytes stored(path, progress);
  const Compression* const compression = compression_of(stored.ahead_or_line(kMagicBytes));
  std::unique_ptr<ByteSource> source;
  if (compression == nullptr)
    source = std::make_unique<PlainSource>(std::move(stored));
  else
    source = std::make_unique<InflatingSource>(std::move(stored), *compression);
  return as_utf8(path, std::move(source));
}

PeekedSource peek(std::unique_ptr<ByteSource> source, std::int64_t size) {
  size = std::min(size, source->most_bytes());
  std::string head(static_cast<std::size_t>(size), '\0');
  head.resize(static_cast<std::size_t>(source->read(head.data(), size)));
  auto restored = std::make_unique<RestoredSource>(head, std::move(source));
  return {std::move(head), std::move(restored)};
}

PeekedSource peek_line(std::unique_ptr<ByteSource> source, std::int64_t size) {
  std::string head;
  for (std::int64_t got = 1; got > 0 && std::ssize(head) < size;) {
    if (head.find('\n') != std::string::npos && !source->is_ready()) break;
    const std::size_t old = head.size();
    head.resize(static_cast<std::size_t>(size));
    got = source->read_ready(head.data() + old, size - static_cast<std::int64_t>(old));
    head.resize(old + static_cast<std::size_t>(got));
  }
  auto restored = std::make_unique<RestoredSource>(head, std::move(source));
  return {std::move(head), std::move(restored)};
}

std::int64_t skip_bytes(ByteSource& source, std::int64_t size) {
  std::vector<char> piece(static_cast<std::size_t>(std::min(size, kPiece)));
  std::int64_t done = 0;
  while (done < size) {
    const std::int64_t want = std::min(size - done, kPiece);
    const std::int64_t got = source.read(piece.data(), want);
    done += got;
    if (got < want) break;
  }
  return done;
}

}  // namespace thalweg
