// Headers of npy arrays (numpy.lib.format, versions 1.0 to 3.0) and of IDX files (LeCun's MNIST page).
#include <fmt/format.h>

#include <cstring>

#include "host/data/array_reader.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kLongestHeader = std::int64_t{1} << 20;

std::string read_exactly(ByteSource& source, std::int64_t size, const std::string& name) {
  std::vector<char> bytes;
  if (append_bytes(source, size, bytes) < size)
    throw DataError(fmt::format("{} is cut off: it ends inside its header", name));
  return {bytes.begin(), bytes.end()};
}

/// What follows `'key':` in the header's dictionary.
std::string_view value_of(std::string_view dictionary, std::string_view key, const std::string& name) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const std::size_t at = dictionary.find(quoted);
    if (at == std::string_view::npos) continue;
    std::string_view rest = trimmed(dictionary.substr(at + quoted.size()));
    if (rest.starts_with(':')) return trimmed(rest.substr(1));
  }
  throw DataError(fmt::format("{}: its npy header has no {}; got {}", name, shown(key), shown(dictionary)));
}

void parse_descr(std::string_view text, const std::string& name, ArrayHeader& header) {
  const char quote = text.empty() ? ' ' : text[0];
  const std::size_t close = text.find(quote, 1);
  const std::string_view descr =
      (quote == '\'' || quote == '"') && close != std::string_view::npos ? text.substr(1, close - 1) : text;
  const std::string_view type = descr.size() > 1 && std::strchr("<>|=", descr[0]) ? descr.substr(1) : descr;
  for (const char* known : {"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
    if (type == known) {
      header.kind = type[0];
      header.size = type[1] - '0';
      header.big_endian = descr[0] == '>';
      return;
    }
  throw DataError(
      fmt::format("{} holds elements of type {}; want f4, f8, i1 to i8, u1 to u8 or bool (convert with "
                  "numpy's astype(\"float32\"))",
                  name, shown(descr)));
}

void parse_shape(std::string_view text, const std::string& name, ArrayHeader& header) {
  const std::size_t close = text.find(')');
  if (!text.starts_with('(') || close == std::string_view::npos)
    throw DataError(fmt::format("{}: its npy header's shape is no tuple: {}", name, shown(text)));
  std::string_view inner = text.substr(1, close - 1);
  while (!trimmed(inner).empty()) {
    const std::size_t comma = std::min(inner.find(','), inner.size());
    std::int64_t extent = 0;
    if (!parse_integer(inner.substr(0, comma), extent) || extent < 0)
      throw DataError(fmt::format("{}: its npy header has the extent {}; want whole numbers", name,
                                  shown(inner.substr(0, comma))));
    header.shape.push_back(extent);
    inner.remove_prefix(std::min(comma + 1, inner.size()));
  }
}

std::uint32_t big_endian_u32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

ArrayHeader read_npy_header(ByteSource& source, const std::string& name) {
  const std::string magic = read_exactly(source, 8, name);
  if (!magic.starts_with("\x93NUMPY")) throw DataError(fmt::format("{} is not a npy array", name));
  const int version = magic[6];
  if (version < 1 || version > 3)
    throw DataError(fmt::format("{}: npy version {}; want 1, 2 or 3", name, version));
  const std::string size_bytes = read_exactly(source, version == 1 ? 2 : 4, name);
  std::int64_t size = 0;
  for (std::size_t i = size_bytes.size(); i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(size_bytes[i]);
  if (size > kLongestHeader)
    throw DataError(
        fmt::format("{}: its npy header claims {} bytes; want at most {}", name, size, kLongestHeader));
  const std::string dictionary = read_exactly(source, size, name);
  ArrayHeader header;
  header.bytes = static_cast<std::int64_t>(magic.size() + size_bytes.size() + dictionary.size());
  parse_descr(value_of(dictionary, "descr", name), name, header);
  header.fortran_order = value_of(dictionary, "fortran_order", name).starts_with("True");
  parse_shape(value_of(dictionary, "shape", name), name, header);
  return header;
}

ArrayHeader read_idx_header(ByteSource& source, const std::string& name) {
  const std::string magic = read_exactly(source, 4, name);
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
  const std::string extents = read_exactly(source, 4 * dimensions, name);
  for (int i = 0; i < dimensions; ++i) header.shape.push_back(big_endian_u32(extents.data() + 4 * i));
  header.bytes = 4 + 4 * dimensions;
  return header;
}

}  // namespace thalweg
