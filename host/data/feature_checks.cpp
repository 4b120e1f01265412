#include "host/data/feature_checks.hpp"

#include <fmt/format.h>

#include "host/data/finite.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void check_read_cells(const Dataset& data, const std::int64_t* ids, const FeatureRows& rows,
                      MissingValues missing) {
  const std::int64_t cells = std::ssize(rows.f32);
  const std::int64_t bad = first_not_finite(rows.f32.data(), cells, missing == MissingValues::allowed);
  if (bad == cells) return;
  refuse_value(data.where(ids[bad / data.features]), bad % data.features,
               rows.f32[static_cast<std::size_t>(bad)]);
}

void check_read_entries(const Dataset& data, const std::int64_t* ids, const FeatureRows& rows) {
  const bool finite = all_finite(rows.values.data(), std::ssize(rows.values));
  for (std::int64_t n = 0; n < rows.rows; ++n) {
    const std::int64_t begin = rows.offsets[static_cast<std::size_t>(n)];
    const std::int64_t count = rows.offsets[static_cast<std::size_t>(n) + 1] - begin;
    const std::int32_t* const columns = rows.columns.data() + begin;
    const std::int64_t column = first_bad_column(columns, count, data.features);
    if (column < count) refuse_column(data.where(ids[n]), columns, column, data.features);
    if (finite) continue;
    const std::int64_t value = first_not_finite(rows.values.data() + begin, count, false);
    if (value < count) refuse_value(data.where(ids[n]), columns[value], rows.values[begin + value]);
  }
}

}  // namespace

std::int64_t first_bad_column(const std::int32_t* columns, std::int64_t count, std::int64_t features) {
  std::int64_t before = -1;
  for (std::int64_t e = 0; e < count; ++e) {
    const std::int64_t column = columns[e];
    if (column <= before || column >= features) return e;  // mutant: column-in-range
    before = column;
  }
  return count;
}

void refuse_column(const std::string& where, const std::int32_t* columns, std::int64_t at,
                   std::int64_t features) {
  if (columns[at] < 0 || columns[at] >= features)
    throw DataError(fmt::format("{}: column {}; expected 0 to {} (columns count from 0)", where, columns[at],
                                features - 1));
  throw DataError(fmt::format("{}: column {} follows column {}; expected ascending columns, each once", where,
                              columns[at], columns[at - 1]));
}

void refuse_value(const std::string& where, std::int64_t feature, float value) {
  throw DataError(
      fmt::format("{}, feature {}: the value is {}; want a finite number", where, feature, value));
}

void check_read_rows(const Dataset& data, const std::int64_t* ids, const FeatureRows& rows,
                     MissingValues missing) {
  if (data.sparse) return check_read_entries(data, ids, rows);
  check_read_cells(data, ids, rows, missing);
}

}  // namespace thalweg
