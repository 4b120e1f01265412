#include "host/data/validate_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "host/data/block_reader.hpp"
#include "host/data/feature_checks.hpp"
#include "host/data/finite.hpp"
#include "host/data/labels.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/parallel_parse.hpp"
#include "host/data/transform_sizes.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Rows that a thread looks at together, and values below which one thread is as fast as several.
constexpr std::int64_t kBlockRows = 4096, kFewValues = std::int64_t{1} << 22;

/// Calls check(first, end) for blocks of rows and returns the least of what it gives; `rows`: nothing wrong.
template <class Check>
std::int64_t first_bad_row(std::int64_t rows, std::int64_t values, int threads, const Check& check) {
  const std::int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  std::atomic<std::int64_t> bad{rows};
  const auto look = [&](std::int64_t block, int) {
    const std::int64_t first = block * kBlockRows, end = std::min(rows, first + kBlockRows);
    const std::int64_t found = first < bad.load(std::memory_order_relaxed) ? check(first, end) : end;
    if (found == end) return;
    std::int64_t known = bad.load();
    while (found < known && !bad.compare_exchange_weak(known, found)) {
    }
  };
  if (values < kFewValues) {
    for (std::int64_t block = 0; block < blocks; ++block) look(block, 0);
  } else {
    ThreadPool(reader_threads(threads)).run(blocks, look);
  }
  return bad;
}

std::int64_t product(const Dataset& data) {
  std::int64_t cells = 0;
  if (__builtin_mul_overflow(data.rows, data.features, &cells))
    throw ShapeError(fmt::format("{}: {} rows of {} features are more cells than 64 bits count",
                                 source_of(data), data.rows, data.features));
  return cells;
}

template <class T>
void require_length(const Dataset& data, const char* name, const std::vector<T>& values,
                    std::int64_t wanted) {
  if (std::ssize(values) == wanted) return;
  throw ShapeError(fmt::format("{}: {} has {} elements, expected {} for {} rows of {} features",
                               source_of(data), name, values.size(), wanted, data.rows, data.features));
}

template <class T>
void require_stored(const Dataset& data, const char* what, T found, T expected) {
  if (found == expected) return;
  throw ShapeError(
      fmt::format("{}: its store has {} {}, the data set {}", source_of(data), what, found, expected));
}

/// Whoever wrote the store has checked the features, and they are checked again as they are read.
void check_store(const Dataset& data, bool filled) {
  if (filled)
    throw ShapeError(fmt::format("{}: its features are in a store, and in vectors too", source_of(data)));
  const StoredForm& form = data.store->form();
  require_stored(data, "rows", form.rows, data.rows);
  require_stored(data, "features", form.features, data.features);
  const auto layout = [](bool sparse) { return sparse ? "sparse" : "dense"; };
  require_stored<std::string>(data, "rows that are", layout(form.sparse), layout(data.sparse));
}

void check_storage(const Dataset& data) {
  if (data.rows < 0 || data.features < 1)
    throw ShapeError(fmt::format("{}: {} rows of {} features; expected 0 rows or more, of 1 feature or more",
                                 source_of(data), data.rows, data.features));
  const bool dense = !data.dense_f32.empty() || !data.dense_u8.empty();
  const bool csr = !data.offsets.empty() || !data.columns.empty() || !data.values.empty();
  if (data.store != nullptr) return check_store(data, dense || csr);
  if ((!data.dense_f32.empty() && !data.dense_u8.empty()) || (data.sparse ? dense : csr))
    throw ShapeError(fmt::format("{}: more than one kind of storage is filled; a {} data set has {} alone",
                                 source_of(data), data.sparse ? "sparse" : "dense",
                                 data.sparse ? "offsets, columns, values" : "dense_f32 or dense_u8"));
  if (data.sparse) {
    require_length(data, "offsets", data.offsets, data.rows + 1);
    require_length(data, "values", data.values, std::ssize(data.columns));
  } else if (data.dense_u8.empty()) {
    require_length(data, "dense_f32", data.dense_f32, product(data));
  } else {
    require_length(data, "dense_u8", data.dense_u8, product(data));
  }
}

void check_offsets(const Dataset& data) {
  if (data.offsets.front() != 0 || data.offsets.back() != std::ssize(data.columns))
    throw ShapeError(fmt::format("{}: offsets go from {} to {}, expected 0 to the {} entries",
                                 source_of(data), data.offsets.front(), data.offsets.back(),
                                 data.columns.size()));
  const auto descends = std::adjacent_find(data.offsets.begin(), data.offsets.end(), std::greater<>());
  if (descends == data.offsets.end()) return;
  throw ShapeError(fmt::format("{}: its offsets descend from {} to {}",
                               data.where(descends - data.offsets.begin()), *descends, descends[1]));
}

/// The columns of a row of a data set in memory.
std::pair<const std::int32_t*, std::int64_t> columns_of(const Dataset& data, std::int64_t row) {
  const std::int64_t begin = data.offsets[static_cast<std::size_t>(row)];
  return {data.columns.data() + begin, data.offsets[static_cast<std::size_t>(row) + 1] - begin};
}

void check_columns(const Dataset& data, int threads) {
  const std::int64_t entries = std::ssize(data.columns);
  const std::int64_t row =
      first_bad_row(data.rows, entries, threads, [&](std::int64_t first, std::int64_t end) {
        for (; first < end; ++first) {
          const auto [columns, count] = columns_of(data, first);
          if (first_bad_column(columns, count, data.features) != count) break;
        }
        return first;
      });
  if (row == data.rows) return;
  const auto [columns, count] = columns_of(data, row);
  refuse_column(data.where(row), columns, first_bad_column(columns, count, data.features), data.features);
}

void check_values(const Dataset& data) {
  const std::int64_t entries = std::ssize(data.values);
  const std::int64_t bad = first_not_finite(data.values.data(), entries, false);
  if (bad == entries) return;
  const auto after = std::upper_bound(data.offsets.begin(), data.offsets.end(), bad);
  refuse_value(data.where(after - data.offsets.begin() - 1), data.columns[static_cast<std::size_t>(bad)],
               data.values[static_cast<std::size_t>(bad)]);
}

void check_cells(const Dataset& data, MissingValues missing, int threads) {
  if (data.dense_f32.empty()) return;
  const bool nan_allowed = missing == MissingValues::allowed;
  const auto bad_cell = [&](std::int64_t first, std::int64_t end) {
    return first * data.features + first_not_finite(data.dense_f32.data() + first * data.features,
                                                    (end - first) * data.features, nan_allowed);
  };
  const std::int64_t row = first_bad_row(
      data.rows, std::ssize(data.dense_f32), threads,
      [&](std::int64_t first, std::int64_t end) { return bad_cell(first, end) / data.features; });
  if (row == data.rows) return;
  const std::int64_t cell = bad_cell(row, row + 1);
  refuse_value(data.where(row), cell % data.features, data.dense_f32[static_cast<std::size_t>(cell)]);
}

void check_classes(const Dataset& data) {
  if (data.classes.empty())
    throw DataError(fmt::format("{}: the targets are classes, but it names no classes", source_of(data)));
  const auto classes = static_cast<float>(data.classes.size());
  const auto bad = std::find_if(data.target.begin(), data.target.end(), [classes](float label) {
    return !(label >= 0 && label < classes && label == std::floor(label));
  });
  if (bad == data.target.end()) return;
  throw DataError(
      fmt::format("{}: the class is {}; want a whole number from 0 to {}, an index of the classes",
                  data.where(bad - data.target.begin()), *bad, data.classes.size() - 1));
}

void check_target(const Dataset& data) {
  if (data.target.empty()) return;
  if (data.target_kind == TargetKind::classes) return check_classes(data);
  check_finite_targets(data);
}

void check_transforms(const Dataset& data) {
  std::string problem = transform_problem(data.transform, data.features);
  if (problem.empty()) problem = transform_problem(data.target_transform);
  if (!problem.empty()) throw ShapeError(fmt::format("{}: its transform has {}", source_of(data), problem));
}

}  // namespace

void validate_lengths(const Dataset& data) {
  check_storage(data);
  if (!data.target.empty()) require_length(data, "target", data.target, data.rows);
  if (!data.weight.empty()) require_length(data, "weight", data.weight, data.rows);
  if (!data.source_line.empty()) require_length(data, "source_line", data.source_line, data.rows);
  if (!data.row_names.empty()) require_length(data, "row_names", data.row_names, data.rows);
  if (data.sparse && data.store == nullptr) check_offsets(data);
}

void validate_form(const Dataset& data, int threads) {
  validate_lengths(data);
  check_transforms(data);
  if (data.sparse && data.store == nullptr) check_columns(data, threads);
}

void require_finite_features(const Dataset& data, MissingValues missing, int threads) {
  if (data.store != nullptr) return;  // checked as they are read
  if (data.sparse) return check_values(data);
  check_cells(data, missing, threads);
}

void validate_data(const Dataset& data, MissingValues missing, int threads) {
  validate_form(data, threads);
  check_target(data);
  if (!data.weight.empty()) check_weights(data);
  require_finite_features(data, missing, threads);
}

void validate(const Dataset& data, MissingValues missing) {
  validate_data(data, missing, 0);
  if (data.store != nullptr)
    for_each_row(data, nullptr, missing, [](const Dataset&, std::int64_t, std::int64_t) {});
}

void require_row_ids(std::int64_t rows, const std::vector<std::int64_t>& ids, const std::string& source) {
  // An id that is not a row sets the highest bit of id or of last - id. A step makes this check, so it has no
  // branch per id.
  const auto last = static_cast<std::uint64_t>(rows - 1);
  std::uint64_t bits = 0;
  for (const std::int64_t row : ids)
    bits |=
        static_cast<std::uint64_t>(row) | (last - static_cast<std::uint64_t>(row));  // mutant: id-in-range
  if (ids.empty() || bits >> 63 == 0) return;
  const auto outside =
      std::find_if(ids.begin(), ids.end(), [&](std::int64_t row) { return row < 0 || row >= rows; });
  throw ShapeError(fmt::format("row id {} at position {}: {} has the rows 0 to {}", *outside,
                               outside - ids.begin(), source, rows - 1));
}

}  // namespace thalweg
