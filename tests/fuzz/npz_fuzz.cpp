// By its choice an input is the archive; the archive, whose checksums are made to fit; or the arrays X, y and
// sample_weight, of which the archive is made.
#include <zlib.h>

#include "tests/fuzz/reader.hpp"
#include "tests/support/deflate.hpp"

namespace {

using namespace thalweg;

void append(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += i < 8 ? static_cast<char>(value >> (8 * i)) : char{};
}

std::size_t little(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

uLong crc_of(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

/// Checksum of what a member inflates to, as far as it can be inflated.
uLong crc_inflated(std::string_view stream) {
  z_stream state{};
  if (inflateInit2(&state, -MAX_WBITS) != Z_OK) return 0;
  std::string bytes(1 << 16, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data()));
  state.avail_in = static_cast<uInt>(stream.size());
  state.next_out = reinterpret_cast<Bytef*>(bytes.data());
  state.avail_out = static_cast<uInt>(bytes.size());
  inflate(&state, Z_FINISH);
  bytes.resize(state.total_out);
  inflateEnd(&state);
  return crc_of(bytes);
}

/// Writes the checksum of every member into the archive's directory.
std::string with_checksums(std::string archive) {
  for (std::size_t at = archive.find("PK\x01\x02"); at != std::string::npos;
       at = archive.find("PK\x01\x02", at + 4)) {
    if (at + 46 > archive.size()) break;
    const std::size_t local = little(archive, at + 42, 4), stored = little(archive, at + 20, 4);
    if (local + 30 > archive.size()) continue;
    const std::size_t begin = local + 30 + little(archive, local + 26, 2) + little(archive, local + 28, 2);
    if (begin > archive.size()) continue;
    const std::string_view bytes = std::string_view(archive).substr(begin, stored);
    const uLong crc = little(archive, at + 10, 2) == 8 ? crc_inflated(bytes) : crc_of(bytes);
    for (int i = 0; i < 4; ++i)
      archive[at + 16 + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (8 * i));
  }
  return archive;
}

std::string archive_of(const std::vector<std::string_view>& arrays, bool deflate_them) {
  constexpr std::string_view kNames[] = {"X.npy", "y.npy", "sample_weight.npy"};
  std::string archive, directory;
  int members = 0;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].empty()) continue;
    const std::string stored =
        deflate_them ? test::deflated(arrays[i], test::kRawDeflate, 1, 1) : std::string(arrays[i]);
    std::string common;  // to both headers: version, flags, method, time, checksum, sizes, length of the name
    append(common, 20, 4);
    append(common, deflate_them ? 8 : 0, 6);
    append(common, crc_of(arrays[i]), 4);
    append(common, stored.size(), 4);
    append(common, arrays[i].size(), 4);
    append(common, kNames[i].size(), 4);
    directory += "PK\x01\x02" + std::string("\x14\0", 2) + common;
    append(directory, 0, 10);
    append(directory, archive.size(), 4);
    directory += kNames[i];
    archive += "PK\x03\x04" + common + std::string(kNames[i]) + stored;
    ++members;
  }
  const std::size_t begin = archive.size();
  archive += directory + "PK\x05\x06";
  append(archive, 0, 6);
  append(archive, static_cast<std::uint64_t>(members), 2);
  append(archive, directory.size(), 4);
  append(archive, begin, 4);
  append(archive, 0, 2);
  return archive;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::view(data + 1, size - 1);
  std::string archive(input);
  if ((data[0] & 3) == 1) archive = with_checksums(std::move(archive));
  if ((data[0] & 3) >= 2) archive = archive_of(fuzz::pieces_of(input, 3), (data[0] & 3) == 2);
  fuzz::read_as_data({.format = DataFormat::npz}, static_cast<unsigned char>(data[0] >> 2 << 2), archive);
  return 0;
}
