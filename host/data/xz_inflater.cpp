// xz by liblzma.
#include <lzma.h>

#include <new>

#include "host/data/inflater.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

const char* reason_of(lzma_ret code) {
  if (code == LZMA_MEMLIMIT_ERROR) return "its dictionary is too large";
  return code == LZMA_OPTIONS_ERROR ? "of a newer version of xz" : "a checksum or a table is wrong";
}

class XzInflater : public Inflater {
 public:
  XzInflater() { restart(); }
  ~XzInflater() override { lzma_end(&stream_); }

  Inflated inflate(std::string_view stored, char* to, std::size_t room) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(stored.data());
    stream_.avail_in = stored.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(to);
    stream_.avail_out = room;
    const lzma_ret code = lzma_code(&stream_, LZMA_RUN);
    if (code == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR)
      throw DamagedData{reason_of(code)};
    return {stored.size() - stream_.avail_in, room - stream_.avail_out, code == LZMA_STREAM_END};
  }

  void restart() override {
    const lzma_ret code = lzma_stream_decoder(&stream_, static_cast<std::uint64_t>(kMostInflaterBytes), 0);
    if (code == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (code != LZMA_OK) throw InternalError("liblzma could not start");
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

bool begins_xz(std::string_view head) {
  using namespace std::string_view_literals;
  return head.starts_with("\xFD\x37zXZ\0"sv);
}

}  // namespace

extern const Compression xz_compression;
const Compression xz_compression{
    .name = "xz",
    .ending = ".xz",
    .begins = &begins_xz,
    .make = []() -> std::unique_ptr<Inflater> { return std::make_unique<XzInflater>(); },
    .most_inflation = 1 << 13,  // a match of 273 bytes takes a third of a bit
    .padding = 4};

}  // namespace thalweg
