#pragma once
// Deflated bytes, for files that tests and fuzz targets make.
#include <zlib.h>

#include <string>
#include <string_view>

namespace thalweg::test {

/// Window bits of zlib: a stream alone, as in a zip archive, or with gzip's header and trailer.
constexpr int kRawDeflate = -MAX_WBITS, kGzip = MAX_WBITS + 16;

/// One stream or gzip member that holds `bytes`. `level` and `memory` are zlib's compression and memory
/// level.
inline std::string deflated(std::string_view bytes, int window_bits, int level = 9, int memory = 8) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, window_bits, memory, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace thalweg::test
