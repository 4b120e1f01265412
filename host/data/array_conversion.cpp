#include "host/data/array_conversion.hpp"

#include <span>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/labels.hpp"
#include "host/data/rounded_targets.hpp"
#include "host/data/transform.hpp"

namespace thalweg {

ArrayTakers ArrayConversion::takers() {
  return {.companions = [this](RawData&& companions) { take_companions(std::move(companions)); },
          .rows = [this](RawData&& block) { take_block(std::move(block)); }};
}

void ArrayConversion::take_companions(RawData&& companions) {
  data_.source = companions.source;
  data_.first_source_row = companions.first_source_row;
  data_.rows = companions.rows;
  data_.weight = std::move(companions.weight);
  fit_targets(companions.labels, options_.use, data_);
  if (data_.target_kind == TargetKind::number)
    require_targets_of_float32(companions.labels.numbers, data_.source);
  check_weights(data_);
}

void ArrayConversion::begin(const RawData& first) {
  data_.features = first.width;
  bytes_ = first.layout == RawData::Layout::u8;
  standardize_ = wants_standardization(config_.standardize, first.layout);
  moments_ = std::make_unique<MomentsOfRows>(first.width);
  const ShardForm form{
      .features = first.width, .dtype = bytes_ ? DType::u8 : DType::f32, .weights = !data_.weight.empty()};
  writer_ = std::make_unique<ShardWriter>(folder_, form, options_.shard_bytes);
}

template <class Cell>
void ArrayConversion::add(const std::vector<Cell>& cells, const RawData& block) {
  const auto first = static_cast<std::size_t>(writer_->rows()), rows = static_cast<std::size_t>(block.rows);
  std::span<const float> weights;
  if (!data_.weight.empty()) weights = std::span(data_.weight).subspan(first, rows);
  writer_->append_dense(std::span<const Cell>(cells), std::span(data_.target).subspan(first, rows), weights);
  if (!standardize_) return;
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const bool counts = weights.empty() || weights[static_cast<std::size_t>(r)] != 0;
    if (counts) moments_->add(cells.data() + r * block.width);  // mutant: weightless-rows-left-out
  }
}

void ArrayConversion::take_block(RawData&& block) {
  if (!has_rows()) begin(block);
  // mutant: rounded-columns-noticed
  if (!block.precise.empty()) throw NeedsAllRows{block.column(block.precise.begin()->first)};
  if (bytes_) return add(block.bytes, block);
  fill_missing(block, {}, "data.impute = \"mean\" or \"median\"");
  add(block.cells, block);
}

ConvertReport ArrayConversion::finish() {
  if (standardize_) {
    set_scaling(moments_->all(), bytes_, {}, data_.source, data_.transform);
  } else if (bytes_) {
    scale_bytes(data_.features, data_.transform);
  }
  return writer_->finish({.schema = schema_of(data_),
                          .cells = standardize_ && !bytes_ ? ShardCells::unscaled : ShardCells::inputs,
                          .target_reason = data_.target_reason,
                          .source = name_of(data_.source),
                          .notes = {.weight = name_of(config_.weight)}});
}

}  // namespace thalweg
