#include "host/data/memory_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/data/feature_rows.hpp"
#include "host/data/transform.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The elements of the rows `ids`, `width` for each row; none where the data set has none.
template <class T>
std::vector<T> selected(const std::vector<T>& from, const std::vector<std::int64_t>& ids,
                        std::int64_t width) {
  std::vector<T> to;
  if (from.empty()) return to;
  to.reserve(ids.size() * static_cast<std::size_t>(width));
  for (const std::int64_t row : ids) {
    const auto begin = from.begin() + row * width;
    to.insert(to.end(), begin, begin + width);
  }
  return to;
}

void select_entries(const Dataset& data, const std::vector<std::int64_t>& ids, Dataset& to) {
  to.offsets = {0};
  for (const std::int64_t row : ids) {
    const std::int64_t begin = data.offsets[static_cast<std::size_t>(row)],
                       end = data.offsets[static_cast<std::size_t>(row) + 1];
    to.columns.insert(to.columns.end(), data.columns.begin() + begin, data.columns.begin() + end);
    to.values.insert(to.values.end(), data.values.begin() + begin, data.values.begin() + end);
    to.offsets.push_back(std::ssize(to.columns));
  }
}

/// The files of the rows `ids`: one more wherever the next row is of another.
std::vector<SourceFile> select_files(const std::vector<SourceFile>& files,
                                     const std::vector<std::int64_t>& ids) {
  std::vector<SourceFile> some;
  const SourceFile* last = nullptr;
  for (std::size_t at = 0; at < ids.size(); ++at) {
    const auto behind =
        std::upper_bound(files.begin(), files.end(), ids[at],
                         [](std::int64_t row, const SourceFile& file) { return row < file.first; });
    if (behind == files.begin() || &behind[-1] == last) continue;
    last = &behind[-1];
    some.push_back({last->name, static_cast<std::int64_t>(at), last->first_row + ids[at] - last->first});
  }
  return some;
}

/// So that messages name the rows of `data`, or at least say which rows they count.
void select_origin(const Dataset& data, const std::vector<std::int64_t>& ids, Dataset& to) {
  to.source = source_of(data);
  to.source_line = selected(data.source_line, ids, 1);
  const auto gap = [](std::int64_t a, std::int64_t b) { return b != a + 1; };
  const bool run = std::adjacent_find(ids.begin(), ids.end(), gap) == ids.end();
  if (run || !to.source_line.empty()) to.source_files = select_files(data.source_files, ids);
  if (run && !ids.empty()) {
    to.first_source_row = data.first_source_row + ids.front();
  } else if (to.source_line.empty()) {
    to.source += ", among the chosen rows:";
  }
}

}  // namespace

bool is_raw(const FeatureTransform& transform) {
  return !has_categories(transform) && transform.offset.empty() && transform.impute.empty() &&
         transform.scale.empty() && transform.hash_bits == 0;
}

LabelColumn labels_of(const Dataset& data) {
  LabelColumn labels;
  labels.present = !data.target.empty();
  if (data.target_kind == TargetKind::number) {
    labels.numbers.assign(data.target.begin(), data.target.end());
    return labels;
  }
  labels.in_class_order = true;
  labels.texts = data.classes;
  for (const float target : data.target) labels.codes.push_back(static_cast<std::int32_t>(target));
  return labels;
}

RawData raw_data_of(Dataset&& data) {
  if (data.store != nullptr)
    throw UsageError(fmt::format(
        "{}: its features stay on the disk, and statistics of raw rows need them in memory; `convert` finds "
        "imputation and standardisation as it writes them",
        source_of(data)));
  RawData raw;
  data.source = source_of(data);
  raw.labels = labels_of(data);
  raw.layout = data.sparse             ? RawData::Layout::csr
               : data.dense_u8.empty() ? RawData::Layout::f32
                                       : RawData::Layout::u8;
  raw.rows = data.rows;
  raw.width = data.features;
  raw.cells = std::move(data.dense_f32);
  raw.bytes = std::move(data.dense_u8);
  raw.offsets = std::move(data.offsets);
  raw.columns = std::move(data.columns);
  raw.values = std::move(data.values);
  raw.column_names = std::move(data.transform.columns);
  raw.weight = std::move(data.weight);
  raw.target_column = std::move(data.target_column);
  raw.index_base = data.index_base;
  static_cast<RowOrigin&>(raw) = std::move(data);
  static_cast<ReadNotes&>(raw) = std::move(data);
  data = {};  // whoever holds it may live as long as the run
  return raw;
}

TargetUse use_of(TargetKind kind) {
  return kind == TargetKind::classes ? TargetUse::classes : TargetUse::numbers;
}

Dataset select_all_but_features(const Dataset& data, const std::vector<std::int64_t>& ids) {
  Dataset to;
  to.rows = std::ssize(ids);
  to.features = data.features;
  to.sparse = data.sparse;
  to.target_kind = data.target_kind;
  to.target_transform = data.target_transform;
  to.target = selected(data.target, ids, 1);
  to.weight = selected(data.weight, ids, 1);
  to.classes = data.classes;
  to.transform = data.transform;
  to.target_column = data.target_column;
  to.index_base = data.index_base;
  to.row_names = selected(data.row_names, ids, 1);
  to.row_name_column = data.row_name_column;
  select_origin(data, ids, to);
  return to;
}

void select_features(const Dataset& data, const std::vector<std::int64_t>& ids, Dataset& to) {
  if (data.store != nullptr) {
    FeatureRows rows;
    read_rows(*data.store, ids.data(), std::ssize(ids), rows);
    if (!data.sparse) rows.offsets.clear();
    swap_features(to, rows);
    return;
  }
  to.dense_f32 = selected(data.dense_f32, ids, data.features);
  to.dense_u8 = selected(data.dense_u8, ids, data.features);
  if (data.sparse) select_entries(data, ids, to);
}

Dataset select_rows(const Dataset& data, const std::vector<std::int64_t>& ids) {
  Dataset to = select_all_but_features(data, ids);
  select_features(data, ids, to);
  return to;
}

}  // namespace thalweg
