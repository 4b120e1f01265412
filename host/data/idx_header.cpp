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

void set_element(ArrayHeader& header, int type, const std::string& name) {
  struct Element {
    int type;
    char kind;
    int size;
  };
  constexpr Element kElements[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0B, 'i', 2},
                                   {0x0C, 'i', 4}, {0x0D, 'f', 4}, {0x0E, 'f', 8}};
  for (const Element& element : kElements) {
    if (element.type != type) continue;
    header.kind = element.kind, header.size = element.size;
    return;
  }
  throw DataError(fmt::format("{}: IDX element type {}; want 8, 9, 11, 12, 13 or 14", name, type));
}

}  // namespace

ArrayHeader read_idx_header(ByteSource& source, const std::string& name) {
  const std::string magic = read_header_bytes(source, 4, name);
  if (magic[0] != 0 || magic[1] != 0) throw DataError(fmt::format("{} is not an IDX file", name));
  ArrayHeader header;
  header.big_endian = true;
  set_element(header, static_cast<unsigned char>(magic[2]), name);
  const int dimensions = static_cast<unsigned char>(magic[3]);
  if (dimensions == 0) throw DataError(fmt::format("{}: an IDX file without dimensions", name));
  const std::string extents = read_header_bytes(source, 4 * dimensions, name);
  for (int i = 0; i < dimensions; ++i) header.shape.push_back(big_endian_u32(extents.data() + 4 * i));
  header.bytes = 4 + 4 * dimensions;
  return header;
}

}  // namespace thalweg
