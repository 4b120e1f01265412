#pragma once
// Members of each compression, for files that tests and fuzz targets make.
#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/deflate.hpp"

namespace thalweg::test {

/// One frame with a checksum.
inline std::string zstd_frame(std::string_view bytes) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size());
  ZSTD_freeCCtx(context);
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd does not compress");
  out.resize(size);
  return out;
}

inline std::string bzip2_stream(std::string_view bytes) {
  auto size = static_cast<unsigned>(bytes.size() + bytes.size() / 100 + 600);  // as libbz2 wants it
  std::string out(size, '\0');
  if (BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()),
                               static_cast<unsigned>(bytes.size()), 9, 0, 0) != BZ_OK)
    throw std::runtime_error("bzip2 does not compress");
  out.resize(size);
  return out;
}

inline std::string xz_stream(std::string_view bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t size = 0;
  if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                              reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                              reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()) != LZMA_OK)
    throw std::runtime_error("xz does not compress");
  out.resize(size);
  return out;
}

inline std::string gzip_member(std::string_view bytes) { return deflated(bytes, kGzip); }

struct Compressor {
  std::string name, ending;
  std::string (*compress)(std::string_view);
};
inline const Compressor kCompressors[] = {{"gzip", ".gz", &gzip_member},
                                          {"zstd", ".zst", &zstd_frame},
                                          {"bzip2", ".bz2", &bzip2_stream},
                                          {"xz", ".xz", &xz_stream}};

}  // namespace thalweg::test
