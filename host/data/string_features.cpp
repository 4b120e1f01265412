#include "host/data/string_features.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/array_elements.hpp"
#include "host/data/csv_problems.hpp"
#include "host/data/text.hpp"
#include "host/data/utf16_source.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

/// All elements of the file, and the text of a cell among them.
class StringTable {
 public:
  StringTable(ByteSource& source, const ArrayHeader& header, const std::string& name)
      : header_(header), fortran_(header.fortran_order && header.shape.size() > 1) {
    const std::int64_t size = header.rows() * header.width() * header.size;
    const std::int64_t got = append_bytes(source, size, bytes_);
    if (got < size) array_elements::cut_off(name, header, got / header.size);
    array_elements::require_end(source, header, name, {});
  }

  std::string cell(std::int64_t row, std::int64_t column) const {
    const std::int64_t at = fortran_ ? array_elements::fortran_column(header_, column) * header_.rows() + row
                                     : row * header_.width() + column;
    return std::string(trimmed(string_at(header_, bytes_.data() + at * header_.size)));
  }

 private:
  const ArrayHeader& header_;
  bool fortran_;
  std::vector<char> bytes_;
};

bool is_category(const DataSchema& schema, std::int64_t column) {
  const auto& categories = schema.transform.categories;
  return column < std::ssize(categories) && !categories[static_cast<std::size_t>(column)].empty();
}

/// One column of cells, as numbers and as codes of texts.
struct StringColumn {
  std::vector<float> numbers, codes;
  TextCodes texts;
  std::int64_t first_text = -1;  // row that holds no number; -1: none does
};

StringColumn column_of(const StringTable& table, const RawData& data, std::int64_t c,
                       const MissingTexts& missing) {
  StringColumn column;
  for (std::int64_t r = 0; r < data.rows; ++r) {
    const std::string text = table.cell(data.first_source_row + r, c);
    float number = kMissing;
    const bool none = text.empty() || missing.contains(text);
    if (!none && parse_number(text, number) != ParsedNumber::ok && column.first_text < 0)
      column.first_text = r;
    column.numbers.push_back(none ? kMissing : number);
    column.codes.push_back(none ? kMissing : static_cast<float>(column.texts.code(text)));
  }
  return column;
}

}  // namespace

std::string string_at(const ArrayHeader& header, const char* bytes) {
  std::string text;
  if (header.kind == 'S') {
    text.assign(bytes, static_cast<std::size_t>(header.size));
  } else {
    for (std::int64_t i = 0; i < header.size; i += 4)
      append_utf8(array_elements::load<std::uint32_t>(bytes + i, header.big_endian), text);
  }
  text.erase(text.find_last_not_of('\0') + 1);
  return text;
}

void read_string_features(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                          RawData& data) {
  const StringTable table(source, header, data.source);
  const MissingTexts missing(request.config.missing);
  data.cells.resize(static_cast<std::size_t>(data.rows * data.width));
  data.texts.resize(static_cast<std::size_t>(data.width));
  for (std::int64_t c = 0; c < data.width; ++c) {
    const StringColumn column = column_of(table, data, c, missing);
    const bool category = request.schema ? is_category(*request.schema, c) : column.first_text >= 0;
    if (!category && column.first_text >= 0)
      throw DataError(fmt::format("{}, column {}: got {}; want a number, as in the model's training data",
                                  data.where(column.first_text), c,
                                  shown(table.cell(data.first_source_row + column.first_text, c))));
    if (category && column.texts.texts().size() > kMostCategories)
      throw DataError(
          fmt::format("{}, column {}: more than {} distinct texts; want numbers or a few categories",
                      data.source, c, kMostCategories));
    const std::vector<float>& cells = category ? column.codes : column.numbers;
    for (std::int64_t r = 0; r < data.rows; ++r)
      data.cells[static_cast<std::size_t>(r * data.width + c)] = cells[static_cast<std::size_t>(r)];
    if (category) data.texts[static_cast<std::size_t>(c)] = column.texts.texts();
  }
}

}  // namespace thalweg
