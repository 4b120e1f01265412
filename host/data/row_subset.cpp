#include "host/data/row_subset.hpp"

namespace thalweg {
namespace {

/// `width` values of each row; nothing where the data have none.
template <class T>
std::vector<T> taken(const std::vector<T>& all, const std::vector<std::int64_t>& rows, std::int64_t width) {
  std::vector<T> some;
  if (all.empty()) return some;
  some.reserve(rows.size() * static_cast<std::size_t>(width));
  for (const std::int64_t row : rows)
    some.insert(some.end(), all.begin() + row * width, all.begin() + (row + 1) * width);
  return some;
}

void take_sparse(const Dataset& data, const std::vector<std::int64_t>& rows, Dataset& some) {
  some.offsets = {0};
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    const auto begin = data.offsets[at], end = data.offsets[at + 1];
    some.columns.insert(some.columns.end(), data.columns.begin() + begin, data.columns.begin() + end);
    some.values.insert(some.values.end(), data.values.begin() + begin, data.values.begin() + end);
    some.offsets.push_back(std::ssize(some.columns));
  }
}

}  // namespace

Dataset row_subset(const Dataset& data, const std::vector<std::int64_t>& rows) {
  Dataset some;
  some.rows = std::ssize(rows);
  some.features = data.features;
  some.sparse = data.sparse;
  some.dense_f32 = taken(data.dense_f32, rows, data.features);
  some.dense_u8 = taken(data.dense_u8, rows, data.features);
  if (data.sparse) take_sparse(data, rows, some);
  some.target_kind = data.target_kind;
  some.target_transform = data.target_transform;
  some.target = taken(data.target, rows, 1);
  some.weight = taken(data.weight, rows, 1);
  some.classes = data.classes;
  some.transform = data.transform;
  some.source = data.source;
  some.source_line = taken(data.source_line, rows, 1);
  some.target_column = data.target_column;
  some.index_base = data.index_base;
  some.row_names = taken(data.row_names, rows, 1);
  some.row_name_column = data.row_name_column;
  return some;
}

}  // namespace thalweg
