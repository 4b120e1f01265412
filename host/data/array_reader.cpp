#include "host/data/array_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPieceBytes = std::int64_t{1} << 20;

/// Calls use(T{}) with the element type of the header.
template <class Use>
void with_element_type(const ArrayHeader& h, const Use& use) {
  if (h.kind == 'f') return h.size == 4 ? use(float{}) : use(double{});
  if (h.kind == 'b') return use(bool{});
  const bool is_signed = h.kind == 'i';
  switch (h.size) {
    case 1:
      return is_signed ? use(std::int8_t{}) : use(std::uint8_t{});
    case 2:
      return is_signed ? use(std::int16_t{}) : use(std::uint16_t{});
    case 4:
      return is_signed ? use(std::int32_t{}) : use(std::uint32_t{});
    default:
      return is_signed ? use(std::int64_t{}) : use(std::uint64_t{});
  }
}

template <class T>
T load(const char* from, bool big_endian) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (big_endian) std::reverse(bytes, bytes + sizeof(T));
  if constexpr (std::is_same_v<T, bool>) {
    return bytes[0] != 0;  // a bool of another byte than 0 and 1 has no meaning in C++
  } else {
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }
}

template <class Out>
void convert(const ArrayHeader& header, const char* from, std::int64_t count, Out* to) {
  with_element_type(header, [&](auto element) {
    using T = decltype(element);
    if (header.big_endian && sizeof(T) > 1)
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = static_cast<Out>(load<T>(from + i * std::int64_t{sizeof(T)}, true));
    else
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = static_cast<Out>(load<T>(from + i * std::int64_t{sizeof(T)}, false));
  });
}

[[noreturn]] void cut_off(const std::string& name, const ArrayHeader& header, std::int64_t elements_read) {
  throw DataError(
      fmt::format("{} is cut off: it ends in row {} of the {} that its header announces ({} values of {} "
                  "each)",
                  name, elements_read / std::max<std::int64_t>(header.width(), 1), header.rows(),
                  header.width(), header.type_name()));
}

/// Elements [first, first + count) of the file, in the file's order, appended to `to`.
template <class Out>
void read_elements(ByteSource& source, const ArrayHeader& header, const std::string& name, std::int64_t first,
                   std::int64_t count, const ReadProgress& progress, std::vector<Out>& to) {
  const std::int64_t skipped = skip_bytes(source, first * header.size);
  if (skipped < first * header.size) cut_off(name, header, skipped / header.size);
  reserve_huge(to, static_cast<std::int64_t>(to.size()) + count);
  std::vector<char> piece;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t want = std::min(count - done, kPieceBytes / header.size);
    piece.clear();
    const std::int64_t got = append_bytes(source, want * header.size, piece);
    if (got < want * header.size) cut_off(name, header, first + done + got / header.size);
    const std::size_t old = to.size();
    to.resize(old + static_cast<std::size_t>(want));
    convert(header, piece.data(), want, to.data() + old);
    done += want;
    if (progress) progress(name, source.stored_done(), source.stored_total());
  }
}

void require_end(ByteSource& source, const ArrayHeader& header, const std::string& name,
                 const RowRange& range) {
  char extra;
  if (range.end >= header.rows() && source.read(&extra, 1) == 1)  // mutant: no-bytes-after-rows
    throw DataError(fmt::format("{} has bytes after the {} rows of {} {} values that its header announces",
                                name, header.rows(), header.width(), header.type_name()));
}

/// Returns the position in Fortran order of column `c` in C order.
std::int64_t fortran_column(const ArrayHeader& header, std::int64_t c) {
  std::int64_t stride = header.width(), column = 0;
  for (std::size_t d = header.shape.size(); d-- > 1; c /= header.shape[d]) {
    stride /= header.shape[d];
    column += c % header.shape[d] * stride;
  }
  return column;
}

/// Rows of the range in C order.
template <class Out>
void read_rows(ByteSource& source, const ArrayHeader& header, const std::string& name, const RowRange& range,
               const ReadProgress& progress, std::vector<Out>& to) {
  require_rows(name, range, header.rows());
  const std::int64_t begin = std::min(range.begin, header.rows()), end = std::min(range.end, header.rows());
  const std::int64_t width = header.width();
  if (!header.fortran_order || header.shape.size() < 2) {
    read_elements(source, header, name, begin * width, (end - begin) * width, progress, to);
    return require_end(source, header, name, range);
  }
  std::vector<Out> by_column;
  read_elements(source, header, name, 0, header.rows() * width, progress, by_column);
  require_end(source, header, name, RowRange{});
  reserve_huge(to, (end - begin) * width);
  to.resize(static_cast<std::size_t>((end - begin) * width));
  for (std::int64_t c = 0; c < width; ++c) {
    const std::int64_t column = fortran_column(header, c) * header.rows();
    for (std::int64_t r = begin; r < end; ++r)
      to[static_cast<std::size_t>((r - begin) * width + c)] = by_column[static_cast<std::size_t>(column + r)];
  }
}

}  // namespace

std::int64_t ArrayHeader::width() const {
  std::int64_t product = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

std::string ArrayHeader::type_name() const {
  const char* kinds = kind == 'f' ? "float" : kind == 'u' ? "uint" : "int";
  const std::string name = kind == 'b' ? "bool" : fmt::format("{}{}", kinds, size * 8);
  return big_endian && size > 1 ? name + " (big-endian)" : name;
}

std::string read_header_bytes(ByteSource& source, std::int64_t size, const std::string& name) {
  std::vector<char> bytes;
  if (append_bytes(source, size, bytes) < size)
    throw DataError(fmt::format("{} is cut off: it ends inside its header", name));
  return {bytes.begin(), bytes.end()};
}

void check_claim(const ArrayHeader& header, const ByteSource& source, const std::string& name) {
  std::int64_t bytes = header.size, width = 1;
  bool too_many = false;
  for (std::size_t i = 0; i < header.shape.size(); ++i) {
    too_many |= __builtin_mul_overflow(bytes, std::max<std::int64_t>(header.shape[i], 1), &bytes);
    if (i > 0) too_many |= __builtin_mul_overflow(width, std::max<std::int64_t>(header.shape[i], 1), &width);
  }
  const bool empty = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
  if (empty) throw DataError(fmt::format("{} has no values: one of its extents is 0", name));
  if (width > std::numeric_limits<std::int32_t>::max()) too_many = true;
  if (too_many || bytes > source.most_bytes() - header.bytes)
    throw DataError(
        fmt::format("{} is cut off or its header is wrong: it announces {} rows of {} values of {}, {} "
                    "bytes; the file can hold {}",
                    name, header.rows(), too_many ? "too many" : fmt::format("{}", width), header.type_name(),
                    too_many ? "too many" : fmt::format("{}", bytes),
                    std::max<std::int64_t>(source.most_bytes() - header.bytes, 0)));
}

void read_feature_array(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                        const ReadProgress& progress, RawData& data) {
  check_claim(header, source, data.source);
  const bool stays = header.kind == 'u' && header.size == 1;
  data.layout = stays ? RawData::Layout::u8 : RawData::Layout::f32;
  data.width = header.width();
  data.first_row = range.begin;
  if (stays)
    read_rows(source, header, data.source, range, progress, data.bytes);
  else
    read_rows(source, header, data.source, range, progress, data.cells);
  data.rows = std::min(range.end, header.rows()) - std::min(range.begin, header.rows());
}

LabelColumn read_label_array(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                             const std::string& name) {
  check_claim(header, source, name);
  if (header.width() != 1)
    throw DataError(
        fmt::format("{} has {} values per row; want one label (or weight) per row", name, header.width()));
  LabelColumn labels;
  labels.present = true;
  labels.may_be_classes = header.is_integer();
  read_rows(source, header, name, range, {}, labels.numbers);
  return labels;
}

}  // namespace thalweg
