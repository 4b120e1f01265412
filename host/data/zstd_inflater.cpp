// Zstandard (RFC 8878).
#include <zstd.h>
#include <zstd_errors.h>

#include <bit>
#include <new>

#include "host/data/inflater.hpp"

namespace thalweg {
namespace {

class ZstdInflater : public Inflater {
 public:
  ZstdInflater() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax,
                           std::bit_width(static_cast<std::uint64_t>(kMostInflaterBytes)) - 1);
  }
  ~ZstdInflater() override { ZSTD_freeDStream(stream_); }

  Inflated inflate(std::string_view stored, char* to, std::size_t room) override {
    ZSTD_inBuffer in{stored.data(), stored.size(), 0};
    ZSTD_outBuffer out{to, room, 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(left) != 0) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) throw std::bad_alloc();
      throw DamagedData{ZSTD_getErrorName(left)};
    }
    return {in.pos, out.pos, left == 0};
  }

  void restart() override { ZSTD_DCtx_reset(stream_, ZSTD_reset_session_only); }

 private:
  ZSTD_DStream* stream_;
};

/// A frame, or one of those that hold no data.
bool begins_zstd(std::string_view head) {
  const bool skippable = head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0) == 0x50 &&
                         head.substr(1, 3) == "\x2A\x4D\x18";
  return skippable || head.starts_with("\x28\xB5\x2F\xFD");
}

}  // namespace

extern const Compression zstd_compression;
const Compression zstd_compression{
    .name = "zstd",
    .ending = ".zst",
    .begins = &begins_zstd,
    .make = []() -> std::unique_ptr<Inflater> { return std::make_unique<ZstdInflater>(); },
    .most_inflation = 1 << 15,  // a block of 128 KiB takes four bytes
    .padding = 0};

}  // namespace thalweg
