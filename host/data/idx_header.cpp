// Headers of IDX files (LeCun's MNIST page).
#include <fmt/format.h>

#include "host/data/array_reader.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::uint32_t big_endian_u32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

ArrayHeader read_idx_header(ByteSource& source, const std::string& name) {
  const std::string magic = read_header_bytes(source, 4, name);
  if (magic[0] != 0 || magic[1] != 0) throw DataError(fmt::format("{} is not an IDX file", name));
  ArrayHeader header;
  header.big_endian = true;
  switch (magic[2]) {
    case 0x08:
      header.kind = 'u', header.size = 1;
      break;
    case 0x09:
      header.kind = 'i', header.size = 1;
      break;
    case 0x0B:
      header.kind = 'i', header.size = 2;
      break;
    case 0x0C:
      header.kind = 'i', header.size = 4;
      break;
    case 0x0D:
      header.kind = 'f', header.size = 4;
      break;
    case 0x0E:
      header.kind = 'f', header.size = 8;
      break;
    default:
      throw DataError(fmt::format("{}: IDX element type {}; want 8, 9, 11, 12, 13 or 14", name,
                                  static_cast<unsigned char>(magic[2])));
  }
  const int dimensions = static_cast<unsigned char>(magic[3]);
  if (dimensions == 0) throw DataError(fmt::format("{}: an IDX file without dimensions", name));
  const std::string extents = read_header_bytes(source, 4 * dimensions, name);
  for (int i = 0; i < dimensions; ++i) header.shape.push_back(big_endian_u32(extents.data() + 4 * i));
  header.bytes = 4 + 4 * dimensions;
  return header;
}

}  // namespace thalweg
