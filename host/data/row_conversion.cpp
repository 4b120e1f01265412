#include "host/data/row_conversion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/column_medians.hpp"
#include "host/data/feature_checks.hpp"
#include "host/data/labels.hpp"
#include "host/data/precise.hpp"
#include "host/data/rounded_targets.hpp"
#include "host/data/row_checks.hpp"
#include "host/data/shards/write_shards.hpp"
#include "host/data/transform.hpp"

namespace thalweg {
namespace {

/// Targets ahead of the last row: numbers as they are, texts in the order in which they come.
std::vector<float> first_targets(const LabelColumn& labels) {
  if (labels.numbers.empty()) return {labels.codes.begin(), labels.codes.end()};
  return {labels.numbers.begin(), labels.numbers.end()};
}

/// Whether the first targets were the right ones.
bool has_first_targets(const LabelColumn& labels, const std::vector<float>& targets) {
  const auto same = [](const auto& first, float target) { return static_cast<float>(first) == target; };
  return labels.numbers.empty()
             ? std::equal(labels.codes.begin(), labels.codes.end(), targets.begin(), targets.end(), same)
             : std::equal(labels.numbers.begin(), labels.numbers.end(), targets.begin(), targets.end(), same);
}

/// Columns and values, which of rows in memory are checked when all of them are there. How many features they
/// have is not known yet.
void check_entries(const RowOrigin& origin, const FeatureRows& rows) {
  Dataset data;
  static_cast<RowOrigin&>(data) = origin;
  data.sparse = true;
  data.features = std::numeric_limits<std::int32_t>::max();
  check_read_rows(data, all_rows(rows.rows).data(), rows, MissingValues::refused);
}

}  // namespace

RowTakers RowConversion::takers() {
  return {.companions = [this](RawData&& companions) { take_companions(std::move(companions)); },
          .rows = [this](RawData&& block) { take_block(std::move(block)); }};
}

void RowConversion::take_companions(RawData&& companions) {
  companions_ = true;
  data_.source = companions.source;
  data_.first_source_row = companions.first_source_row;
  data_.rows = companions.rows;
  data_.weight = std::move(companions.weight);
  fit_targets_of(companions.labels);
}

void RowConversion::fit_targets_of(const LabelColumn& labels) {
  fit_targets(labels, options_.use, data_);
  if (data_.target_kind == TargetKind::number) require_targets_of_float32(labels.numbers, data_.source);
  check_weights(data_);
}

void RowConversion::begin(const RawData& first) {
  const bool sparse = first.layout == RawData::Layout::csr;
  standardize_ = wants_standardization(config_.standardize, first.layout);
  if (standardize_) moments_ = std::make_unique<MomentsOfRows>(first.width);
  if (first.layout == RawData::Layout::f32) offsets_ = std::make_unique<OffsetWatch>(first.width);
  if (config_.impute != Imputation::error && first.layout == RawData::Layout::f32)
    means_ = std::make_unique<ColumnMeans>(first.width);
  index_base_ = have_.index_zero ? 0 : first.index_base;
  have_.weights |= !(companions_ ? data_.weight : first.weight).empty();
  form_ = {.features = sparse ? 0 : first.width,
           .sparse = sparse,
           .dtype = first.layout == RawData::Layout::u8 ? DType::u8 : DType::f32,
           .weights = have_.weights,
           .floats = options_.floats,
           .compress = options_.compress};
  writer_ = std::make_unique<ShardWriter>(folder_, form_, options_.shard_bytes);
}

/// The weights of a block that has its own.
std::vector<float> RowConversion::weights_of(RawData& block) const {
  require_weights(block, block.weight);
  if (!form_.weights && !block.weight.empty()) throw NeedsAgain{{true, have_.index_zero}};
  if (form_.weights && block.weight.empty()) block.weight.assign(static_cast<std::size_t>(block.rows), 1);
  return std::move(block.weight);
}

template <class Cell>
void RowConversion::add(const std::vector<Cell>& cells, std::int64_t width, std::span<const float> targets,
                        std::span<const float> weights) {
  writer_->append_dense(std::span<const Cell>(cells), targets, weights);
  for (std::size_t r = 0; r < targets.size(); ++r) {
    if (!weights.empty() && weights[r] == 0) continue;  // mutant: weightless-rows-left-out
    const Cell* const row = cells.data() + static_cast<std::int64_t>(r) * width;
    if (standardize_ && filled_ == 0) moments_->add(row);
    if constexpr (std::is_same_v<Cell, float>)
      if (means_) means_->add(row);
  }
}

void RowConversion::add_sparse(RawData&& block, std::span<const float> targets,
                               std::span<const float> weights) {
  if (block.index_base != index_base_) throw NeedsAgain{{have_.weights, true}};
  FeatureRows rows;
  rows.rows = block.rows;
  rows.offsets = std::move(block.offsets);
  rows.columns = std::move(block.columns);
  rows.values = std::move(block.values);
  check_entries(block, rows);
  writer_->append(rows, targets, weights);
}

void RowConversion::watch_offsets(const RawData& block, std::span<const float> weights) {
  const std::int64_t column = offsets_->add(block, weights);
  if (column >= 0) throw NeedsAllRows{block.column(column)};  // mutant: rounded-columns-noticed
}

void RowConversion::take_block(RawData&& block) {
  if (block.rows == 0) {  // the last one has passed by
    if (has_rows()) writer_->close();
    return;
  }
  if (!has_rows()) begin(block);
  std::vector<float> own_targets, own_weights;
  std::span<const float> targets, weights;
  if (companions_) {
    const auto first = static_cast<std::size_t>(writer_->rows()), rows = static_cast<std::size_t>(block.rows);
    targets = std::span(data_.target).subspan(first, rows);
    if (form_.weights) weights = std::span(data_.weight).subspan(first, rows);
  } else {
    require_targets(block, block.labels.numbers);
    targets = own_targets = first_targets(block.labels);
    weights = own_weights = weights_of(block);
  }
  if (form_.sparse) return add_sparse(std::move(block), targets, weights);
  if (form_.dtype == DType::u8) return add(block.bytes, block.width, targets, weights);
  watch_offsets(block, weights);
  FeatureTransform filling;
  // What is missing stays so until all rows have told what to put there.
  if (means_) filling.impute.assign(static_cast<std::size_t>(block.width), std::nanf(""));
  fill_missing(block, filling, "data.impute = \"mean\" or \"median\"");
  filled_ += block.filled;
  add(block.cells, block.width, targets, weights);
}

void RowConversion::fit_rows(RawData&& rest) {
  data_.source = rest.source;
  data_.first_source_row = rest.first_source_row;
  data_.rows = rest.rows;
  data_.weight = std::move(rest.weight);
  fit_targets_of(rest.labels);
  if (!has_first_targets(rest.labels, data_.target)) writer_->set_targets(data_.target);
}

/// The rows are read again; while they are, what is missing counts as the largest number.
std::vector<float> RowConversion::stored_medians(std::span<const float> weights) {
  data_.transform.impute.assign(means_->counts().size(), kMissingForMedian);
  return column_medians(*writer_->written(facts()), means_->counts(), weights);
}

void RowConversion::fit_imputation(const RawData& rest) {
  const bool medians = config_.impute == Imputation::median;
  data_.transform.impute = medians ? stored_medians(companions_ ? data_.weight : rest.weight) : means_->all();
  for (std::int64_t c = 0; c < rest.width; ++c)
    if (std::isnan(data_.transform.impute[static_cast<std::size_t>(c)])) refuse_empty_column(rest, c);
}

/// The rows are read once more, now that their missing cells have a number.
void RowConversion::fit_filled_moments() {
  moments_ = std::make_unique<MomentsOfRows>(data_.features);
  const std::unique_ptr<const RowStore> stored = writer_->written(facts());
  FeatureRows rows;
  for (std::int64_t first = 0; first < data_.rows; first += rows.rows) {
    rows.clear();
    stored->read(first, std::min(MomentsOfRows::kBlockRows, data_.rows - first), rows);
    for (std::int64_t r = 0; r < rows.rows; ++r)
      if (data_.weight.empty() || data_.weight[static_cast<std::size_t>(first + r)] != 0)
        moments_->add(rows.f32.data() + r * data_.features);
  }
}

ShardFacts RowConversion::facts() const {
  const bool unscaled = standardize_ && form_.dtype == DType::f32;
  return {.schema = schema_of(data_),
          .cells = filled_ > 0 ? ShardCells::unfilled
                   : unscaled  ? ShardCells::unscaled
                               : ShardCells::inputs,
          .target_reason = data_.target_reason,
          .source = name_of(data_.source),
          .notes = {filled_, config_.impute, name_of(config_.weight)}};
}

ConvertReport RowConversion::finish(RawData&& rest) {
  const bool bytes = form_.dtype == DType::u8;
  writer_->close();
  if (const std::int64_t column = offsets_ ? offsets_->first_in_doubt() : -1; column >= 0)
    throw NeedsAllRows{rest.column(column)};
  data_.features = rest.width;
  data_.sparse = form_.sparse;
  data_.target_column = rest.target_column;
  data_.index_base = rest.index_base;
  if (!form_.sparse) fit_columns(rest, Imputation::error, {}, data_.transform);
  keep_table(rest, data_.transform);
  if (form_.sparse) require_distinct_entries(rest);
  std::vector<std::string> notes = std::move(rest.notes);
  const std::string ids = rest.row_name_column;
  if (!ids.empty()) notes.push_back(note_of_row_names(rest.source, ids));
  if (means_) fit_imputation(rest);
  if (!companions_) fit_rows(std::move(rest));
  if (standardize_ && filled_ > 0) fit_filled_moments();
  if (standardize_) {
    set_scaling(moments_->all(), bytes, {}, data_.source, data_.transform);
  } else if (bytes) {
    scale_bytes(data_.features, data_.transform);
  }
  ShardFacts known = facts();
  known.notes.id = ids;
  ConvertReport report = writer_->finish(std::move(known));
  report.notes.insert(report.notes.begin(), notes.begin(), notes.end());
  return report;
}

}  // namespace thalweg
