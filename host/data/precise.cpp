#include "host/data/precise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A column whose numbers are this many times their range loses more than 2^-12 of it to float32.
constexpr double kMostMagnitude = 0x1p12;
/// Below, an offset would gain less than two bits.
constexpr double kLeastMagnitude = 4;
/// A block of rows is looked at from here on, or where whole numbers of float32 have gaps. Smaller than
/// kMostMagnitude, because merged values are looked for, too.
constexpr float kSuspectMagnitude = 0x1p8F;
constexpr float kWholeFloats = 0x1p24F;
/// A smaller range is rounding noise of double, unless whole numbers are exact: the column is a constant.
constexpr double kNoise = 0x1p-48;
constexpr double kWholeDoubles = 0x1p53;
/// float32 must not make a quarter of the distinct values, or less, out of so few that each matters.
constexpr std::size_t kMostCollapsed = 65536;

template <class Real>
struct Extent {
  Real least = 0, most = 0;
  bool any = false;

  void add(Real value) {
    if (!std::isfinite(value)) return;
    least = any ? std::min(least, value) : value;
    most = any ? std::max(most, value) : value;
    any = true;
  }
  Real magnitude() const { return std::max(std::abs(least), std::abs(most)); }
  Real range() const { return most - least; }
};

bool equal(double value, float cell) { return value == cell || (std::isnan(value) && std::isnan(cell)); }

/// How many distinct numbers there are, and how many are left in float32; `values` in ascending order.
std::pair<std::size_t, std::size_t> distinct(const std::vector<double>& values, double offset) {
  std::size_t doubles = 0, floats = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    doubles += i == 0 || values[i] != values[i - 1];
    floats += i == 0 || static_cast<float>(values[i] - offset) != static_cast<float>(values[i - 1] - offset);
  }
  return {doubles, floats};
}

void require_distinct(const std::vector<double>& values, double offset, const std::string& name) {
  const auto [doubles, floats] = distinct(values, offset);
  if (floats <= kMostCollapsed && floats * 4 <= doubles)
    throw DataError(
        fmt::format("{}: {} distinct values are {} in float32; want smaller numbers (take an offset off), or "
                    "leave the column out "
                    "(CSV: data.ignore)",
                    name, doubles, floats));
}

/// Ids of 64 bits: a column that is constant in double may not be so in the file.
void require_apart_in_double(const Extent<double>& extent, const std::string& name) {
  if (extent.magnitude() <= kWholeDoubles || extent.magnitude() > 0x1p64) return;
  if (extent.range() <= kNoise * extent.magnitude())
    throw DataError(
        fmt::format("{}: whole numbers about {:.0f} lie closer together than float64 tells apart; "
                    "want smaller numbers (take an offset off), or leave the column out "
                    "(CSV: data.ignore)",
                    name, extent.most));
}

}  // namespace

std::vector<std::int64_t> suspect_columns(const float* cells, std::int64_t rows, std::int64_t width,
                                          const DataSchema* schema) {
  std::vector<std::int64_t> columns;
  if (schema != nullptr) {
    const std::vector<double>& offset = schema->transform.offset;
    const std::size_t present = std::min(offset.size(), static_cast<std::size_t>(width));
    for (std::size_t c = 0; c < present; ++c)  // too few columns are an error later
      if (offset[c] != 0) columns.push_back(static_cast<std::int64_t>(c));
    return columns;
  }
  std::vector<Extent<float>> extents(static_cast<std::size_t>(width));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < width; ++c) extents[static_cast<std::size_t>(c)].add(cells[r * width + c]);
  for (std::int64_t c = 0; c < width; ++c) {
    const Extent<float>& extent = extents[static_cast<std::size_t>(c)];
    const float magnitude = extent.magnitude();
    if (magnitude >= kWholeFloats || (magnitude > 0 && magnitude >= kSuspectMagnitude * extent.range()))
      columns.push_back(c);
  }
  return columns;
}

void drop_exact(const float* cells, std::int64_t width, PreciseColumns& precise) {
  std::erase_if(precise, [&](const auto& column) {
    const float* cell = cells + column.first;
    return std::all_of(column.second.begin(), column.second.end(),
                       [&](double value) { return equal(value, *std::exchange(cell, cell + width)); });
  });
}

void append_precise(const float* cells, const PreciseColumns& block, std::int64_t from, std::int64_t to,
                    RawData& data) {
  const auto copy = [&](const float* rows, std::int64_t begin, std::int64_t end, std::int64_t c, auto& into) {
    for (std::int64_t r = begin; r < end; ++r) into.push_back(rows[r * data.width + c]);
  };
  for (const auto& [c, values] : block) {
    const auto [column, added] = data.precise.try_emplace(c);
    if (added) copy(data.cells.data(), 0, data.rows, c, column->second);
    column->second.insert(column->second.end(), values.begin() + from, values.begin() + to);
  }
  for (auto& [c, values] : data.precise)
    if (!block.contains(c)) copy(cells, from, to, c, values);
}

double fit_offset(const std::vector<double>& values, const std::vector<std::int64_t>& rows,
                  const std::string& name) {
  Extent<double> extent;
  std::vector<double> sorted;
  bool exact = true, whole = true;
  for (const std::int64_t row : rows) {
    const double value = values[static_cast<std::size_t>(row)];
    if (!std::isfinite(value)) continue;
    extent.add(value);
    sorted.push_back(value);
    exact = exact && static_cast<float>(value) == value;
    whole = whole && std::trunc(value) == value;
  }
  if (exact) return 0;
  require_apart_in_double(extent, name);
  const bool counts = whole && extent.magnitude() <= kWholeDoubles;
  if (extent.range() <= (counts ? 0.0 : kNoise * extent.magnitude())) return 0;
  std::sort(sorted.begin(), sorted.end());
  const double magnitude = extent.magnitude() / extent.range();
  const auto [doubles, floats] = distinct(sorted, 0);
  const bool merged = 4 * floats <= 3 * doubles && magnitude >= kLeastMagnitude;
  const double offset = magnitude >= kMostMagnitude || merged ? extent.least : 0;
  require_distinct(sorted, offset, name);
  return offset;
}

void require_distinct_entries(const RawData& raw) {
  for (const auto& [index, values] : raw.precise) {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    require_distinct(sorted, 0, fmt::format("{}, index {}", raw.source, index));
  }
}

std::vector<double> fit_offsets(const RawData& raw, const std::vector<std::int64_t>& fit) {
  std::vector<double> offsets;
  for (const auto& [c, values] : raw.precise) {
    const double offset = fit_offset(values, fit, raw.source + ", " + raw.column(c));
    if (offset == 0) continue;
    offsets.resize(static_cast<std::size_t>(raw.width));
    offsets[static_cast<std::size_t>(c)] = offset;
  }
  return offsets;
}

void apply_offsets(const std::vector<double>& offset, RawData& raw) {
  for (std::size_t c = 0; c < offset.size(); ++c) {
    if (offset[c] == 0) continue;
    const auto precise = raw.precise.find(static_cast<std::int64_t>(c));
    for (std::int64_t r = 0; r < raw.rows; ++r) {
      float& cell = raw.cells[static_cast<std::size_t>(r * raw.width) + c];
      const double value = precise == raw.precise.end() ? cell : precise->second[static_cast<std::size_t>(r)];
      cell = static_cast<float>(value - offset[c]);
    }
  }
  raw.precise.clear();
}

}  // namespace thalweg
