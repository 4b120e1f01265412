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

/// Rows of the array that the range holds.
std::int64_t rows_of(const ArrayHeader& header, const RowRange& range) {
  return std::min(range.end, header.rows()) - std::min(range.begin, header.rows());
}

/// Whether float32 may round elements of this type off.
bool is_wide(const ArrayHeader& header) { return header.size > (header.kind == 'f' ? 4 : 2); }

/// Appends elements of whole rows.
template <class Element>
void append_elements(std::vector<Element>& to, const Element* elements, std::int64_t n, RawData& data) {
  to.insert(to.end(), elements, elements + n);
  data.rows += n / data.width;
}

void append_rows(const std::uint8_t* elements, std::int64_t n, const DataSchema*, RawData& data) {
  append_elements(data.bytes, elements, n, data);
}

void append_rows(const float* elements, std::int64_t n, const DataSchema*, RawData& data) {
  append_elements(data.cells, elements, n, data);
}

/// Rounds to float32, and keeps the doubles of the columns that this may damage.
void append_rows(const double* elements, std::int64_t n, const DataSchema* schema, RawData& data) {
  const std::vector<float> cells(elements, elements + n);
  const std::int64_t rows = n / data.width;
  PreciseColumns precise;
  for (const std::int64_t c : suspect_columns(cells.data(), rows, data.width, schema))
    for (std::int64_t r = 0; r < rows; ++r) precise[c].push_back(elements[r * data.width + c]);
  drop_exact(cells.data(), data.width, precise);
  append_precise(cells.data(), precise, 0, rows, data);
  append_elements(data.cells, cells.data(), n, data);
}

/// Whether the rows go to request.takers.rows. In Fortran order the first row needs the last bytes.
bool pass_by(const ArrayHeader& header, const ReadRequest& request) {
  const bool in_order = !header.fortran_order || header.shape.size() < 2;
  const bool alone = request.target.empty() || request.takers.companions;
  return request.takers.rows && alone && in_order && !header.is_text();
}

/// Rows of the source behind those that passed by, without any yet.
RawData next_block(const RawData& data) {
  RawData block;
  block.layout = data.layout;
  block.width = data.width;
  block.source = data.source;
  block.first_source_row = data.first_source_row;
  return block;
}

template <class Element>
void give_blocks(ByteSource& source, const ArrayHeader& header, const ReadRequest& request, RawData& data) {
  const auto give = [&](const Element* elements, std::int64_t n) {
    RawData block = next_block(data);
    append_rows(elements, n, request.schema, block);
    data.first_source_row += block.rows;
    request.takers.rows(std::move(block));
  };
  array_elements::read_rows<Element>(source, header, data.source, request.range, request.progress, give);
}

template <class Element, class Cell>
void read_whole(ByteSource& source, const ArrayHeader& header, const ReadRequest& request, RawData& data,
                std::vector<Cell>& cells) {
  reserve_huge(cells, rows_of(header, request.range) * data.width);
  const auto append = [&](const Element* elements, std::int64_t n) {
    append_rows(elements, n, request.schema, data);
  };
  array_elements::read_rows<Element>(source, header, data.source, request.range, request.progress, append);
}

void begin_features(ByteSource& source, const ArrayHeader& header, const RowRange& range, RawData& data) {
  check_claim(header, source, data.source);
  require_rows(data.source, range, header.rows());
  const bool stays = header.kind == 'u' && header.size == 1;
  data.layout = stays ? RawData::Layout::u8 : RawData::Layout::f32;
  data.width = header.width();
  data.first_source_row = range.begin;
}

}  // namespace

void read_feature_array(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                        RawData& data) {
  begin_features(source, header, request.range, data);
  if (header.is_text()) {
    data.rows = rows_of(header, request.range);
    return read_string_features(source, header, request, data);
  }
  if (data.layout == RawData::Layout::u8)
    return read_whole<std::uint8_t>(source, header, request, data, data.bytes);
  if (is_wide(header)) return read_whole<double>(source, header, request, data, data.cells);
  read_whole<float>(source, header, request, data, data.cells);
}

/// With labels and weights a block's rows can be used at once.
void give_companions(const ReadRequest& request, std::int64_t rows, const ReadBeside& beside,
                     const RawData& data) {
  RawData companions = next_block(data);
  companions.rows = rows;
  beside(companions);
  request.takers.companions(std::move(companions));
}

RawData read_array(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                   const std::string& name, const ReadBeside& beside) {
  RawData data;
  data.source = name;
  if (!pass_by(header, request)) {
    read_feature_array(source, header, request, data);
    beside(data);
    return data;
  }
  begin_features(source, header, request.range, data);
  if (request.takers.companions) give_companions(request, rows_of(header, request.range), beside, data);
  if (data.layout == RawData::Layout::u8) {
    give_blocks<std::uint8_t>(source, header, request, data);
  } else if (is_wide(header)) {
    give_blocks<double>(source, header, request, data);
  } else {
    give_blocks<float>(source, header, request, data);
  }
  return data;
}

RawData read_array_file(ByteSource& source, const ArrayHeader& header, const ReadRequest& request) {
  return read_array(source, header, request, request.path,
                    [&](RawData& data) { read_companions(request, data); });
}

}  // namespace thalweg
