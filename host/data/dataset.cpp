#include "thalweg/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/held_out_categories.hpp"
#include "host/data/labels.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/precise.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/target_transform.hpp"
#include "host/data/text.hpp"
#include "host/data/transform.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The cells in the layout of the data set; the raw ones are given up.
Dataset take_rows(RawData&& raw) {
  Dataset data;
  data.rows = raw.rows;
  data.features = raw.width;
  data.sparse = raw.layout == RawData::Layout::csr;
  data.dense_f32 = std::move(raw.cells);
  data.dense_u8 = std::move(raw.bytes);
  data.offsets = std::move(raw.offsets);
  data.columns = std::move(raw.columns);
  data.values = std::move(raw.values);
  data.weight = std::move(raw.weight);
  data.target_column = std::move(raw.target_column);
  data.index_base = raw.index_base;
  static_cast<RowOrigin&>(data) = std::move(raw);
  static_cast<ReadNotes&>(data) = std::move(raw);
  return data;
}

/// One-hot inputs stay 0 and 1.
std::vector<bool> one_hot_inputs(const FeatureTransform& transform) {
  std::vector<bool> keep;
  for (const auto& categories : transform.categories)
    keep.insert(keep.end(), std::max<std::size_t>(1, categories.size()), !categories.empty());
  return keep;
}

void check_rows(const Dataset& data) {
  check_weights(data);
  if (data.target_kind == TargetKind::number) check_finite_targets(data);
}

}  // namespace

void require_some_rows(const RawData& raw) {
  if (raw.rows == 0)
    throw DataError(
        fmt::format("{} has no rows{}", raw.source, raw.first_source_row > 0 ? " in the range" : ""));
}

std::string RawData::column(std::int64_t index) const {
  if (column_names.empty()) return fmt::format("column {}", index);
  return fmt::format("column {} ({})", shown(column_names[static_cast<std::size_t>(index)]), index);
}

std::string RowOrigin::where(std::int64_t row) const {
  const auto behind = std::find_if(source_files.begin(), source_files.end(),
                                   [&](const SourceFile& file) { return file.first > row; });
  const SourceFile whole{source.empty() ? kMemory : source, 0, first_source_row};
  const SourceFile& file = behind == source_files.begin() ? whole : behind[-1];
  if (row >= 0 && row < std::ssize(source_line))
    return fmt::format("{} line {}", file.name, source_line[static_cast<std::size_t>(row)]);
  return fmt::format("{} row {}", file.name, file.first_row + row - file.first);
}

namespace {

void require_in_memory(const Dataset& data, const char* call) {
  if (data.store == nullptr) return;
  throw UsageError(fmt::format("{}: the features of {} are in a store, and there is no view of them", call,
                               source_of(data)));
}

}  // namespace

DenseRows Dataset::dense(const std::int64_t* ids, std::int64_t count) const {
  require_in_memory(*this, "Dataset::dense");
  DenseRows view{.rows = count, .cols = features, .stride = features, .ids = ids};
  if (dense_u8.empty()) {
    view.data = dense_f32.data();
    return view;
  }
  view.data = dense_u8.data();
  view.dtype = DType::u8;
  if (!transform.scale.empty()) {
    view.scale = transform.scale.data();
    view.shift = transform.shift.data();
  }
  return view;
}

SparseRows Dataset::csr(const std::int64_t* ids, std::int64_t count) const {
  require_in_memory(*this, "Dataset::csr");
  return {.offsets = offsets.data(),
          .columns = columns.data(),
          .values = values.data(),
          .rows = count,
          .cols = features,
          .ids = ids};
}

namespace {

/// Bytes stay bytes where scale and shift are all that becomes of them.
void widen_bytes(const FeatureTransform& transform, RawData& raw) {
  const bool stay = transform.offset.empty() && !has_categories(transform);
  if (raw.layout != RawData::Layout::u8 || stay) return;
  raw.layout = RawData::Layout::f32;
  raw.cells.assign(raw.bytes.begin(), raw.bytes.end());
  raw.bytes = {};
}

void require_same_hashing(const RawData& raw, const FeatureTransform& transform) {
  const auto kind = [](std::int64_t bits, const std::vector<bool>& texts) {
    return bits == 0 ? "not hashed" : texts.empty() ? "Vowpal Wabbit's, hashed" : "a table, hashed";
  };
  if (raw.hash_bits == transform.hash_bits && raw.hashed_texts == transform.hashed_texts) return;
  throw DataError(fmt::format("{} is {}; the model was trained on data that were {} (data.hash_bits = {})",
                              raw.source, kind(raw.hash_bits, raw.hashed_texts),
                              kind(transform.hash_bits, transform.hashed_texts), transform.hash_bits));
}

}  // namespace

Dataset fit_dataset(RawData&& raw, const DataConfig& config, TargetUse use,
                    const std::vector<std::int64_t>& train, int threads) {
  const CountedRows counted(raw.weight, train);  // weights that are all 0 are refused below
  const std::vector<std::int64_t>& fit = *counted;
  const bool standardize = wants_standardization(config.standardize, raw.layout);
  FeatureTransform transform;
  const RawData::Layout layout = raw.layout;
  if (layout == RawData::Layout::f32) {
    const std::vector<double> offset = fit_offsets(raw, fit);
    if (standardize) transform.offset = offset;
    apply_offsets(transform.offset, raw);
    fit_columns(raw, config.impute, fit, transform);
    match_held_out(train, fit, transform, config.unseen, raw);
    fill_missing(raw, transform, "data.impute = \"mean\" or \"median\"");
    expand_one_hot(raw, transform);
  }
  keep_table(raw, transform);
  if (layout == RawData::Layout::csr) require_distinct_entries(raw);
  const LabelColumn labels = std::move(raw.labels);
  Dataset data = take_rows(std::move(raw));
  fit_targets(labels, use, data);
  if (standardize) {
    fit_standardization(data, fit, one_hot_inputs(transform), transform, threads);
  } else if (layout == RawData::Layout::u8) {
    scale_bytes(data.features, transform);
  }
  data.transform = std::move(transform);
  if (standardize && layout == RawData::Layout::f32) apply_scaling(data, threads);
  check_rows(data);
  fit_weights(config.class_weight, train, data);
  if (config.standardize_target == Tristate::yes && data.target_kind == TargetKind::number)
    standardize_target(labels.numbers, fit, data);
  return data;
}

Dataset apply_schema(RawData&& raw, const DataSchema& schema, bool need_target, Unseen unseen, int threads) {
  require_some_rows(raw);
  const FeatureTransform& transform = schema.transform;
  widen_bytes(transform, raw);
  const RawData::Layout layout = raw.layout;
  const bool sparse = layout == RawData::Layout::csr;
  if (sparse != schema.sparse)
    throw DataError(fmt::format("{} is {}; the model was trained on {} data", raw.source,
                                sparse ? "sparse" : "dense", schema.sparse ? "sparse" : "dense"));
  require_same_hashing(raw, transform);
  const std::int64_t width = transform.hash_bits > 0 ? schema.features : raw_width(schema);
  if (raw.width != width)
    throw DataError(fmt::format("{}: its rows have {} features; the model was trained on {}", raw.source,
                                raw.width, width));
  if (layout == RawData::Layout::f32) {
    if (!transform.columns.empty()) raw.column_names = transform.columns;
    require_kinds(raw, transform);
    apply_offsets(transform.offset, raw);
    match_categories(raw, transform, unseen);
    fill_missing(raw, transform, "a model that was trained with data.impute = \"mean\" or \"median\"");
    expand_one_hot(raw, transform);
  }
  const LabelColumn labels = std::move(raw.labels);
  Dataset data = take_rows(std::move(raw));
  data.transform = transform;
  apply_targets(labels, schema, need_target, data);
  apply_target_transform(schema.target_transform, labels.numbers, data);
  if (!transform.scale.empty() && layout == RawData::Layout::f32) apply_scaling(data, threads);
  check_rows(data);
  return data;
}

}  // namespace thalweg
