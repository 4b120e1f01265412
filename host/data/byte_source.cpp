#include "host/data/byte_source.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "host/data/input_file.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPiece = std::int64_t{1} << 20;
constexpr std::int64_t kBuffer = 1 << 17;
/// Real tables and images inflate 2 to 100 times; what inflates further may only do so up to a size that any
/// machine holds.
constexpr std::int64_t kUsualInflation = 200;
constexpr std::int64_t kHarmlessBytes = std::int64_t{256} << 20;

/// gzip bytes that give nothing for longer than this are a header without end.
constexpr std::int64_t kMostIdleBytes = std::int64_t{1} << 20;

/// The bytes as they are stored. A buffer of them lies ahead of the file, so that the first can be looked at.
class StoredBytes {
 public:
  StoredBytes(const std::string& path, const ReadProgress& progress)
      : file_(std::make_shared<InputFile>(path, progress)) {
    buffer_.resize(static_cast<std::size_t>(
        file_->size() == 0 ? kBuffer : std::clamp<std::int64_t>(file_->size(), 512, kBuffer)));
  }

  /// Returns the buffer, filled up to at least `least` bytes; it holds less only at the end.
  std::string_view ahead(std::size_t least) {
    if (end_ - begin_ < least) {
      std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
      end_ -= std::exchange(begin_, 0);  // mutant: buffer-moved
      const auto room = static_cast<std::int64_t>(buffer_.size() - end_);
      end_ += static_cast<std::size_t>(file_->read(buffer_.data() + end_, room));
    }
    return {buffer_.data() + begin_, end_ - begin_};
  }
  void skip(std::size_t count) { begin_ += count; }

  std::int64_t read(char* to, std::int64_t size) {
    const std::size_t buffered = std::min(end_ - begin_, static_cast<std::size_t>(size));
    std::copy_n(buffer_.begin() + begin_, buffered, to);
    begin_ += buffered;
    const auto done = static_cast<std::int64_t>(buffered);
    return done == size ? done : done + file_->read(to + done, size - done);
  }

  std::int64_t given() const { return file_->taken() - static_cast<std::int64_t>(end_ - begin_); }
  const InputFile& file() const { return *file_; }
  std::shared_ptr<const InputFile> shared_file() const { return file_; }

 private:
  std::shared_ptr<InputFile> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

class FileSource : public ByteSource {
 public:
  FileSource(const std::string& path, const ReadProgress& progress) : path_(path), stored_(path, progress) {
    if (!at_member()) return;
    const int code = inflateInit2(&stream_, 16 + MAX_WBITS);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK) throw InternalError("zlib could not start");
    plain_ = false;
  }
  ~FileSource() override {
    if (!plain_) inflateEnd(&stream_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::int64_t read(void* to, std::int64_t size) override {
    return plain_ ? stored_.read(static_cast<char*>(to), size) : inflate_to(static_cast<char*>(to), size);
  }

  std::int64_t most_bytes() const override {
    if (stored_total() == 0) return std::numeric_limits<std::int64_t>::max();
    return plain_ ? stored_total() : stored_total() * kMaxInflation;
  }
  std::int64_t stored_done() const override { return stored_.given(); }
  std::int64_t stored_total() const override { return stored_.file().size(); }
  std::shared_ptr<const InputFile> file() const override { return stored_.shared_file(); }

 private:
  bool at_member() { return stored_.ahead(2).starts_with("\x1F\x8B"); }

  std::int64_t inflate_to(char* to, std::int64_t size) {
    std::int64_t done = 0;
    while (done < size && !ended_) {
      const std::int64_t got = inflate_some(to + done, size - done);
      done += got;
      inflated_ += got;                                  // mutant: inflated-counted
      if (got > 0) idle_since_ = stored_done();          // mutant: idle-count-reset
      if (stored_done() - idle_since_ > kMostIdleBytes)  // mutant: idle-limit
        throw DataError(
            fmt::format("{}: damaged gzip data (more than {} MiB of them hold no data), near byte {}", path_,
                        kMostIdleBytes >> 20, stored_done()));
      // mutant: ratio-of-pipe
      check_inflation(path_, inflated_, stored_total() > 0 ? stored_total() : stored_done());
    }
    return done;
  }

  /// One piece of what is stored.
  std::int64_t inflate_some(char* to, std::int64_t size) {
    const std::string_view stored = stored_.ahead(1);
    const auto room = static_cast<uInt>(std::min(size, kHarmlessBytes));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
    stream_.avail_in = static_cast<uInt>(stored.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    stored_.skip(stored.size() - stream_.avail_in);
    const std::int64_t got = room - stream_.avail_out;
    if (code == Z_STREAM_END)
      end_member();
    else if (code != Z_OK)
      fail(code, got);
    return got;
  }

  /// Bytes behind the last member that begin no other are not read, as by the program gzip.
  void end_member() {
    ended_ = !at_member();  // mutant: all-members-read
    if (ended_)
      stored_.file().require_unchanged();  // mutant: change-after-end
    else
      inflateReset(&stream_);
  }

  [[noreturn]] void fail(int code, std::int64_t got) const {
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code == Z_BUF_ERROR)  // nothing came in, nothing went out
      throw DataError(fmt::format("{} is cut off: its gzip data end early, after {} bytes of text or rows",
                                  path_, inflated_ + got));
    throw DataError(fmt::format("{}: damaged gzip data ({}), near byte {} of the file", path_,
                                stream_.msg != nullptr ? stream_.msg : "a dictionary is wanted",
                                stored_done()));
  }

  std::string path_;
  StoredBytes stored_;
  z_stream stream_{};
  std::int64_t inflated_ = 0, idle_since_ = 0;
  bool plain_ = true, ended_ = false;
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
  return std::make_unique<FileSource>(path, progress);
}

PeekedSource peek(std::unique_ptr<ByteSource> source, std::int64_t size) {
  size = std::min(size, source->most_bytes());
  std::string head(static_cast<std::size_t>(size), '\0');
  head.resize(static_cast<std::size_t>(source->read(head.data(), size)));
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
