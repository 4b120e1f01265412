#include "host/data/array_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/array_elements.hpp"
#include "host/data/precise.hpp"
#include "host/data/string_features.hpp"
#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace array_elements {

void cut_off(const std::string& name, const ArrayHeader& header, std::int64_t elements_read) {
  throw DataError(
      fmt::format("{} is cut off: it ends in row {} of the {} that its header announces ({} values of {} "
                  "each)",
                  name, elements_read / std::max<std::int64_t>(header.width(), 1), header.rows(),
                  header.width(), header.type_name()));
}

void require_end(ByteSource& source, const ArrayHeader& header, const std::string& name,
                 const RowRange& range) {
  char extra;
  if (range.end >= header.rows() && source.read(&extra, 1) == 1)  // mutant: no-bytes-after-rows
    throw DataError(fmt::format("{} has bytes after the {} rows of {} {} values that its header announces",
                                name, header.rows(), header.width(), header.type_name()));
}

std::int64_t fortran_column(const ArrayHeader& header, std::int64_t c) {
  std::int64_t stride = header.width(), column = 0;
  for (std::size_t d = header.shape.size(); d-- > 1; c /= header.shape[d]) {
    stride /= header.shape[d];
    column += c % header.shape[d] * stride;
  }
  return column;
}

}  // namespace array_elements

std::int64_t ArrayHeader::width() const {
  std::int64_t product = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

std::string ArrayHeader::type_name() const {
  if (is_text()) return fmt::format("text of {} characters", kind == 'U' ? size / 4 : size);
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

namespace {

/// Whether float32 may round elements of this type off.
bool is_wide(const ArrayHeader& header) { return header.size > (header.kind == 'f' ? 4 : 2); }

template <class Out>
void read_into(std::vector<Out>& to, ByteSource& source, const ArrayHeader& header, const RowRange& range,
               const ReadProgress& progress, const RawData& data) {
  array_elements::read_rows<Out>(
      source, header, data.source, range, progress,
      [&](const Out* elements, std::int64_t n) { to.insert(to.end(), elements, elements + n); });
}

/// Rounds to float32, and keeps the doubles of the columns that this may damage.
void read_wide(ByteSource& source, const ArrayHeader& header, const RowRange& range,
               const ReadProgress& progress, const DataSchema* schema, RawData& data) {
  std::vector<float> cells;
  array_elements::read_rows<double>(
      source, header, data.source, range, progress, [&](const double* elements, std::int64_t n) {
        cells.assign(elements, elements + n);
        const std::int64_t rows = n / data.width;
        PreciseColumns precise;
        for (const std::int64_t c : suspect_columns(cells.data(), rows, data.width, schema))
          for (std::int64_t r = 0; r < rows; ++r) precise[c].push_back(elements[r * data.width + c]);
        drop_exact(cells.data(), data.width, precise);
        append_precise(cells.data(), precise, 0, rows, data);
        data.cells.insert(data.cells.end(), cells.begin(), cells.end());
        data.rows += rows;
      });
}

}  // namespace

void read_feature_array(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                        RawData& data) {
  check_claim(header, source, data.source);
  const RowRange& range = request.range;
  require_rows(data.source, range, header.rows());
  const bool stays = header.kind == 'u' && header.size == 1;
  data.layout = stays ? RawData::Layout::u8 : RawData::Layout::f32;
  data.width = header.width();
  data.first_row = range.begin;
  const std::int64_t rows = std::min(range.end, header.rows()) - std::min(range.begin, header.rows());
  if (header.is_text()) {
    data.rows = rows;
    return read_string_features(source, header, request, data);
  }
  if (stays) {
    reserve_huge(data.bytes, rows * data.width);
    read_into(data.bytes, source, header, range, request.progress, data);
  } else {
    reserve_huge(data.cells, rows * data.width);
    if (is_wide(header))
      read_wide(source, header, range, request.progress, request.schema, data);
    else
      read_into(data.cells, source, header, range, request.progress, data);
  }
  data.rows = rows;
}

}  // namespace thalweg
