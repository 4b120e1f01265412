// bzip2 by libbz2.
#include <bzlib.h>

#include <algorithm>
#include <new>

#include "host/data/inflater.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 28;  // libbz2 counts in 32 bits

class Bzip2Inflater : public Inflater {
 public:
  Bzip2Inflater() { begin(); }
  ~Bzip2Inflater() override { BZ2_bzDecompressEnd(&stream_); }

  Inflated inflate(std::string_view stored, char* to, std::size_t room) override {
    stream_.next_in = const_cast<char*>(stored.data());
    stream_.avail_in = static_cast<unsigned>(stored.size());
    stream_.next_out = to;
    stream_.avail_out = static_cast<unsigned>(std::min(room, kMostAtOnce));
    const unsigned had = stream_.avail_out;
    const int code = BZ2_bzDecompress(&stream_);
    if (code == BZ_MEM_ERROR) throw std::bad_alloc();
    if (code != BZ_OK && code != BZ_STREAM_END) throw DamagedData{"a checksum or a table is wrong"};
    return {stored.size() - stream_.avail_in, had - stream_.avail_out, code == BZ_STREAM_END};
  }

  void restart() override {
    BZ2_bzDecompressEnd(&stream_);
    begin();
  }

 private:
  void begin() {
    stream_ = {};
    const int code = BZ2_bzDecompressInit(&stream_, 0, 0);
    if (code == BZ_MEM_ERROR) throw std::bad_alloc();
    if (code != BZ_OK) throw InternalError("libbz2 could not start");
  }

  bz_stream stream_{};
};

/// A level, then a block or the end; a table may begin with the letters BZh.
bool begins_bzip2(std::string_view head) {
  if (head.size() < kMagicBytes || !head.starts_with("BZh") || head[3] < '1' || head[3] > '9') return false;
  const std::string_view mark = head.substr(4, 6);
  return mark == "1AY&SY" || mark == "\x17\x72\x45\x38\x50\x90";
}

}  // namespace

extern const Compression bzip2_compression;
const Compression bzip2_compression{
    .name = "bzip2",
    .ending = ".bz2",
    .begins = &begins_bzip2,
    .make = []() -> std::unique_ptr<Inflater> { return std::make_unique<Bzip2Inflater>(); },
    .most_inflation = 1 << 21,  // 46 MB of one byte are 40 bytes
    .padding = 0};

}  // namespace thalweg
