// gzip, and whatever is in it, which is how a file of unknown format reaches the readers. By its choice an
// input is the file; the deflated stream, whose checksum is made to fit; or what the file inflates to.
#include <zlib.h>

#include <vector>

#include "host/data/byte_source.hpp"
#include "tests/fuzz/reader.hpp"

namespace {

using namespace thalweg;

constexpr std::string_view kHeader("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);

std::string trailer(std::string_view inflated) {
  const auto* bytes = reinterpret_cast<const Bytef*>(inflated.data());
  std::string text;
  for (const uLong value : {crc32_z(0, bytes, inflated.size()), static_cast<uLong>(inflated.size())})
    for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(value >> shift);
  return text;
}

/// As much of a deflated stream as there is; `used` bytes of it were taken.
std::string inflated(std::string_view stream, std::size_t& used) {
  z_stream state{};
  if (inflateInit2(&state, -MAX_WBITS) != Z_OK) return "";
  std::string bytes(1 << 16, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data()));
  state.avail_in = static_cast<uInt>(stream.size());
  state.next_out = reinterpret_cast<Bytef*>(bytes.data());
  state.avail_out = static_cast<uInt>(bytes.size());
  inflate(&state, Z_FINISH);
  bytes.resize(state.total_out);
  used = state.total_in;
  inflateEnd(&state);
  return bytes;
}

std::string member_of_stream(std::string_view stream) {
  std::size_t used = 0;
  const std::string bytes = inflated(stream, used);
  return std::string(kHeader) + std::string(stream.substr(0, used)) + trailer(bytes);
}

std::string member_of_bytes(std::string_view bytes) {
  std::string stored;
  for (std::string_view rest = bytes; stored.empty() || !rest.empty();) {
    const std::string_view block = rest.substr(0, 0xFFFF);
    rest.remove_prefix(block.size());
    stored += rest.empty() ? '\x01' : '\0';
    for (const std::size_t size : {block.size(), ~block.size()})
      stored += {static_cast<char>(size), static_cast<char>(size >> 8)};
    stored += block;
  }
  return std::string(kHeader) + stored + trailer(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::view(data + 1, size - 1);
  std::string file;
  if ((data[0] & 3) == 1) {
    file = member_of_stream(input);
  } else if ((data[0] & 3) == 2) {
    for (const std::string_view piece : fuzz::pieces_of(input, 2)) file += member_of_bytes(piece);
  } else {
    file = input;
  }
  fuzz::only_typed_errors([&] {
    const auto source = open_file(fuzz::as_file(file));
    std::vector<char> bytes;
    append_bytes(*source, source->most_bytes(), bytes);
  });
  fuzz::read_as_data({}, static_cast<unsigned char>(data[0] >> 2), file);
  return 0;
}
