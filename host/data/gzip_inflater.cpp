// gzip (RFC 1952) by zlib.
#include <zlib.h>

#include <algorithm>
#include <new>

#include "host/data/byte_source.hpp"
#include "host/data/inflater.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 28;  // zlib counts in 32 bits

class GzipInflater : public Inflater {
 public:
  GzipInflater() {
    const int code = inflateInit2(&stream_, 16 + MAX_WBITS);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK) throw InternalError("zlib could not start");
  }
  ~GzipInflater() override { inflateEnd(&stream_); }

  Inflated inflate(std::string_view stored, char* to, std::size_t room) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
    stream_.avail_in = static_cast<uInt>(stored.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min(room, kMostAtOnce));
    const uInt had = stream_.avail_out;
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      throw DamagedData{stream_.msg != nullptr ? stream_.msg : "a dictionary is wanted"};
    return {stored.size() - stream_.avail_in, had - stream_.avail_out, code == Z_STREAM_END};
  }

  void restart() override { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

}  // namespace

extern const Compression gzip_compression;
const Compression gzip_compression{
    .name = "gzip",
    .ending = ".gz",
    .begins = [](std::string_view head) { return head.starts_with("\x1F\x8B"); },
    .make = []() -> std::unique_ptr<Inflater> { return std::make_unique<GzipInflater>(); },
    .most_inflation = kMaxInflation,
    .padding = 1};

}  // namespace thalweg
