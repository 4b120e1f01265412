#include "host/data/arrow_column.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// No buffer holds more.
constexpr std::int64_t kMostRows = std::int64_t{1} << 48;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kPlainFormats = "bcCsSiIlLefguUn";

bool is_text_format(std::string_view format) { return format == "u" || format == "U" || format == "vu"; }

/// Decimals of a decimal type; 1000: its text says none.
std::int64_t scale_of(std::string_view format) {
  const std::string_view from_scale = format.substr(format.find(',') + 1);
  std::int64_t scale = 0;
  return parse_integer(from_scale.substr(0, from_scale.find(',')), scale) ? scale : 1000;
}

/// "d:PRECISION,SCALE" or "d:PRECISION,SCALE,128".
bool is_decimal128(std::string_view format) {
  if (!format.starts_with("d:")) return false;
  const auto commas = std::count(format.begin(), format.end(), ',');
  return (commas == 1 || (commas == 2 && format.ends_with(",128"))) && std::abs(scale_of(format)) <= 76;
}

/// What the specification calls the types that are not read; empty: another one.
std::string_view type_name(std::string_view format) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"ts", "timestamp"}, {"td", "date"},   {"tt", "time"},  {"tD", "duration"}, {"ti", "interval"},
      {"+s", "struct"},    {"+m", "map"},    {"+l", "list"},  {"+L", "list"},     {"+w", "list"},
      {"+v", "list"},      {"+u", "union"},  {"z", "binary"}, {"Z", "binary"},    {"vz", "binary"},
      {"w", "binary"},     {"d", "decimal"}, {"+", "nested"}};
  for (const auto& [begin, name] : kNames)
    if (format.starts_with(begin)) return name;
  return "unknown";
}

bool is_known(std::string_view format) {
  const bool plain = format.size() == 1 && kPlainFormats.find(format[0]) != std::string_view::npos;
  return plain || format == "vu" || is_decimal128(format);
}

/// A column of nulls has no buffers.
bool is_valid(const ArrowArray& array, std::int64_t row) {
  if (array.n_buffers == 0) return false;
  const auto* bits = static_cast<const unsigned char*>(array.buffers[0]);
  const std::int64_t at = array.offset + row;
  return bits == nullptr || (bits[at / 8] >> (at % 8) & 1) != 0;
}

template <class T>
T element(const ArrowArray& array, std::int64_t row) {
  T value;
  std::memcpy(&value, static_cast<const T*>(array.buffers[1]) + array.offset + row, sizeof value);
  return value;
}

double bit(const ArrowArray& array, std::int64_t row) {
  const std::int64_t at = array.offset + row;
  return static_cast<const unsigned char*>(array.buffers[1])[at / 8] >> (at % 8) & 1;
}

/// IEEE 754 binary16.
double half(const ArrowArray& array, std::int64_t row) {
  const auto bits = element<std::uint16_t>(array, row);
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction != 0 ? kMissing : sign * std::numeric_limits<double>::infinity();
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25));
}

/// Correctly rounded up to 15 digits and 22 decimals, as the text of the number would be.
double decimal128(const ArrowArray& array, std::int64_t row, std::string_view format) {
  const std::int64_t scale = scale_of(format);
  const auto value = static_cast<double>(element<__int128>(array, row));
  return scale >= 0 ? value / std::pow(10.0, static_cast<double>(scale))
                    : value * std::pow(10.0, static_cast<double>(-scale));
}

double number(const ArrowArray& array, std::int64_t row, std::string_view format) {
  switch (format[0]) {
    case 'b':
      return bit(array, row);
    case 'c':
      return element<std::int8_t>(array, row);
    case 'C':
      return element<std::uint8_t>(array, row);
    case 's':
      return element<std::int16_t>(array, row);
    case 'S':
      return element<std::uint16_t>(array, row);
    case 'i':
      return element<std::int32_t>(array, row);
    case 'I':
      return element<std::uint32_t>(array, row);
    case 'l':
      return static_cast<double>(element<std::int64_t>(array, row));
    case 'L':
      return static_cast<double>(element<std::uint64_t>(array, row));
    case 'e':
      return half(array, row);
    case 'f':
      return double{element<float>(array, row)};
    case 'g':
      return element<double>(array, row);
    case 'd':
      return decimal128(array, row, format);
    default:
      return kMissing;  // n: a column of nulls
  }
}

template <class Offset>
std::string_view text_between(const ArrowArray& array, std::int64_t row) {
  const auto begin = element<Offset>(array, row), end = element<Offset>(array, row + 1);
  if (begin < 0 || end < begin || std::int64_t{end} - begin >= kMostRows)
    throw DataError("has offsets that descend");
  if (end > begin && array.buffers[2] == nullptr) throw DataError("has texts without their bytes");
  return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
}

/// A view of 16 bytes: the length, and up to 12 bytes themselves, else 4 of them, a buffer and a place in it.
/// The last buffer of the array has the sizes of those with texts.
std::string_view text_viewed(const ArrowArray& array, std::int64_t row) {
  const char* const view =
      static_cast<const char*>(array.buffers[1]) + 16 * static_cast<std::size_t>(array.offset + row);
  std::int32_t length, buffer, at;
  std::memcpy(&length, view, 4), std::memcpy(&buffer, view + 8, 4), std::memcpy(&at, view + 12, 4);
  if (length < 0) throw DataError("has a text of negative length");
  if (length <= 12) return {view + 4, static_cast<std::size_t>(length)};
  const bool in_a_buffer = buffer >= 0 && buffer < array.n_buffers - 3 && at >= 0;
  const auto* const sizes = static_cast<const std::int64_t*>(array.buffers[array.n_buffers - 1]);
  if (!in_a_buffer || sizes == nullptr || sizes[buffer] - at < length)
    throw DataError("has a text that lies in no buffer");
  return {static_cast<const char*>(array.buffers[buffer + 2]) + at, static_cast<std::size_t>(length)};
}

std::string_view text(const ArrowArray& array, std::int64_t row, std::string_view format) {
  if (format == "u") return text_between<std::int32_t>(array, row);
  return format == "U" ? text_between<std::int64_t>(array, row) : text_viewed(array, row);
}

/// Calls take(row, whether there is a value) for each.
template <class Take>
void for_each_cell(const ArrowArray& array, const Take& take) {
  for (std::int64_t row = 0; row < array.length; ++row) take(row, is_valid(array, row));
}

}  // namespace

ArrowColumn::ArrowColumn(const ArrowSchema& schema, std::string source) : source_(std::move(source)) {
  const auto given = [](const char* text) { return text != nullptr ? text : ""; };
  column_.name = given(schema.name);
  if (schema.dictionary != nullptr) indices_ = given(schema.format);
  format_ = given(schema.dictionary != nullptr ? schema.dictionary->format : schema.format);
  if (!is_known(format_))
    refuse(fmt::format(
        "is of the Arrow type {} (\"{}\"); want numbers, booleans or strings: cast the column, or "
        "leave it out (data.ignore)",
        type_name(format_), format_));
  if (!indices_.empty() && (indices_.size() != 1 || !std::strchr("cCsSiIlL", indices_[0])))
    refuse(fmt::format("has dictionary indices of the type \"{}\"; want integers", indices_));
  text_ = is_text_format(format_);
}

ArrowColumn::ArrowColumn(const ArrowColumn* dictionary)
    : source_(dictionary->source_), format_(dictionary->format_), text_(dictionary->text_) {
  column_.name = dictionary->column_.name;
}

RawColumn ArrowColumn::take() {
  RawColumn taken = std::move(column_);
  column_ = {.name = taken.name};
  return taken;
}

std::string ArrowColumn::shown_name() const {
  return fmt::format("column {} of {}", shown(column_.name), source_);
}

void ArrowColumn::refuse(const std::string& what) const { throw DataError(shown_name() + " " + what); }

void ArrowColumn::require_buffers(const ArrowArray& array) const {
  const std::string_view format = indices_.empty() ? std::string_view(format_) : std::string_view(indices_);
  const std::int64_t wanted = format == "n" ? 0 : format == "u" || format == "U" || format == "vu" ? 3 : 2;
  const bool counts = array.length >= 0 && array.length < kMostRows && array.offset >= 0 &&
                      array.offset < kMostRows && array.n_buffers >= wanted &&
                      (wanted == 0 || array.buffers != nullptr);
  if (!counts || (array.length > 0 && wanted > 0 && array.buffers[1] == nullptr))
    refuse(fmt::format("is not an Arrow array of the type \"{}\": {} rows from {} in {} buffers", format,
                       array.length, array.offset, array.n_buffers));
}

void ArrowColumn::append(const ArrowArray& array) try {
  require_buffers(array);
  if (!indices_.empty()) return append_indices(array);
  if (format_ == "n") {
    column_.numbers.insert(column_.numbers.end(), static_cast<std::size_t>(array.length), kMissing);
  } else if (text_) {
    for_each_cell(array, [&](std::int64_t row, bool valid) {
      column_.texts.emplace_back(valid ? text(array, row, format_) : std::string_view());
    });
  } else {
    for_each_cell(array, [&](std::int64_t row, bool valid) {
      column_.numbers.push_back(valid ? number(array, row, format_) : kMissing);
    });
  }
} catch (const DataError& error) {
  if (std::string_view(error.what()).starts_with("column ")) throw;
  refuse(error.what());
}

/// The values of a dictionary are decoded once for each batch.
void ArrowColumn::append_indices(const ArrowArray& array) {
  if (array.dictionary == nullptr) refuse("lacks its dictionary");
  ArrowColumn values(this);
  values.append(*array.dictionary);
  for_each_cell(array, [&](std::int64_t row, bool valid) {
    const double index = valid ? number(array, row, indices_) : 0;
    if (valid && !(index >= 0 && index < static_cast<double>(array.dictionary->length)))
      refuse(fmt::format("has the index {} in a dictionary of {}", index, array.dictionary->length));
    const auto at = static_cast<std::size_t>(index);
    if (text_) {
      column_.texts.push_back(valid ? values.column_.texts[at] : std::string());
    } else {
      column_.numbers.push_back(valid ? values.column_.numbers[at] : kMissing);
    }
  });
}

}  // namespace thalweg
