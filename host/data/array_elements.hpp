#pragma once
// The elements of an array file, converted and in C order, a block of rows after the other.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "host/data/array_reader.hpp"
#include "host/data/half_floats.hpp"
#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg::array_elements {

constexpr std::int64_t kPieceBytes = std::int64_t{1} << 20;

/// float16. It converts exactly.
struct Half {
  std::uint16_t bits = 0;

  template <class Out>
  explicit operator Out() const {
    return static_cast<Out>(float_of_float16(bits));
  }
};

/// Calls use(T{}) with the element type of the header.
template <class Use>
void with_element_type(const ArrayHeader& h, const Use& use) {
  if (h.kind == 'f') return h.size == 2 ? use(Half{}) : h.size == 4 ? use(float{}) : use(double{});
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

/// `count` elements from the file's bytes.
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

[[noreturn]] void cut_off(const std::string& name, const ArrayHeader& header, std::int64_t elements_read);
/// Throws DataError when bytes follow the rows; rows outside the range are not looked at.
void require_end(ByteSource& source, const ArrayHeader& header, const std::string& name,
                 const RowRange& range);
/// Returns the position in Fortran order of column `c` in C order.
std::int64_t fortran_column(const ArrayHeader& header, std::int64_t c);

/// Elements [first, first + count) of the file, in the file's order and in blocks of whole rows:
/// take(elements, n).
template <class Out, class Take>
void read_elements(ByteSource& source, const ArrayHeader& header, const std::string& name, std::int64_t first,
                   std::int64_t count, const ReadProgress& progress, const Take& take) {
  const std::int64_t skipped = skip_bytes(source, first * header.size);
  if (skipped < first * header.size) cut_off(name, header, skipped / header.size);
  const std::int64_t width = header.width();
  const std::int64_t most = std::max<std::int64_t>(kPieceBytes / header.size / width, 1) * width;
  std::vector<char> bytes;
  std::vector<Out> elements;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t want = std::min(count - done, most);
    bytes.clear();
    const std::int64_t got = append_bytes(source, want * header.size, bytes);
    if (got < want * header.size) cut_off(name, header, first + done + got / header.size);
    elements.resize(static_cast<std::size_t>(want));
    convert(header, bytes.data(), want, elements.data());
    take(static_cast<const Out*>(elements.data()), want);
    done += want;
    if (progress) progress(name, source.stored_done(), source.stored_total());
  }
}

/// Rows [begin, end) of all elements in Fortran order, in blocks: take(elements, n).
template <class Out, class Take>
void take_transposed(const ArrayHeader& header, const std::vector<Out>& by_column, std::int64_t begin,
                     std::int64_t end, const Take& take) {
  const std::int64_t width = header.width();
  const std::int64_t most = std::max<std::int64_t>(kPieceBytes / width, 1);
  std::vector<Out> rows;
  for (std::int64_t first = begin; first < end; first += most) {
    const std::int64_t count = std::min(most, end - first);
    rows.resize(static_cast<std::size_t>(count * width));
    for (std::int64_t c = 0; c < width; ++c) {
      const Out* column = by_column.data() + fortran_column(header, c) * header.rows() + first;
      for (std::int64_t r = 0; r < count; ++r) rows[static_cast<std::size_t>(r * width + c)] = column[r];
    }
    take(static_cast<const Out*>(rows.data()), count * width);
  }
}

/// Rows of the range in C order and in blocks: take(elements, n).
template <class Out, class Take>
void read_rows(ByteSource& source, const ArrayHeader& header, const std::string& name, const RowRange& range,
               const ReadProgress& progress, const Take& take) {
  const std::int64_t begin = std::min(range.begin, header.rows()), end = std::min(range.end, header.rows());
  const std::int64_t width = header.width();
  if (!header.fortran_order || header.shape.size() < 2) {
    read_elements<Out>(source, header, name, begin * width, (end - begin) * width, progress, take);
    return require_end(source, header, name, range);
  }
  std::vector<Out> by_column;
  read_elements<Out>(
      source, header, name, 0, header.rows() * width, progress,
      [&](const Out* elements, std::int64_t n) { append_huge(by_column, elements, elements + n); });
  require_end(source, header, name, RowRange{});
  take_transposed(header, by_column, begin, end, take);
}

}  // namespace thalweg::array_elements
