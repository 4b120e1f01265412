#include "host/data/training_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/fit_to_schema.hpp"
#include "host/data/labels.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/memory_settings.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/split.hpp"
#include "host/data/target_transform.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

Dataset data_set(RawData&& raw, const DataConfig& config, TargetUse use, const std::vector<std::int64_t>& fit,
                 const std::optional<DataSchema>& schema, int threads) {
  if (!schema) return fit_dataset(std::move(raw), config, use, fit, threads);
  Dataset data = apply_schema(std::move(raw), *schema, true, config.unseen, threads);
  fit_weights(config.class_weight, fit, data);
  return data;
}

}  // namespace

TrainingSource::TrainingSource(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               std::optional<DataSchema> schema)
    : config_(config), use_(use), threads_(reading.threads), schema_(std::move(schema)) {
  const DataSchema* const form = schema_ ? &*schema_ : nullptr;
  if (is_shard_set(config.train)) {
    TrainingShards shards = open_training_shards(config, form, threads_);
    fitted_ = std::move(shards.data);
    notes_ = std::move(shards.notes);
  } else {
    raw_ = read_raw_training_data(config, use, reading, form);
  }
}

TrainingSource::TrainingSource(Dataset&& data, const DataConfig& config, TargetUse use, int threads,
                               std::optional<DataSchema> schema)
    : config_(config), use_(use), threads_(threads), schema_(std::move(schema)) {
  require_no_files(config);
  require_no_columns(config);
  data.source = source_of(data);
  if (data.rows == 0) throw DataError(data.source + " has no rows");
  if (data.target.empty()) throw DataError(data.source + " has no targets; want one per row to train on");
  if (use_ == TargetUse::automatic) use_ = use_of(data.target_kind);
  if (schema_) {
    fitted_ = fit_to_schema(std::move(data), *schema_, true, threads);
  } else if (data.store == nullptr && is_raw(data.transform) && data.target_transform == TargetTransform{}) {
    raw_ = raw_data_of(std::move(data));
  } else {
    fitted_ = std::move(data);
  }
}

/// Transformed features stay; raw targets are standardised, and rows weighted, as those of other sources.
Dataset TrainingSource::weighted(Dataset data, const std::vector<std::int64_t>& fit) const {
  const bool raw = !schema_ && data.target_transform == TargetTransform{};
  if (raw && config_.standardize_target == Tristate::yes && data.target_kind == TargetKind::number)
    standardize_target({data.target.begin(), data.target.end()}, *CountedRows(data.weight, fit), data);
  fit_weights(config_.class_weight, fit, data);
  return data;
}

/// The targets alone.
Dataset TrainingSource::labels() const {
  Dataset labels;
  if (fitted_) {
    labels.target_kind = fitted_->target_kind;
    labels.target = fitted_->target;
    return labels;
  }
  labels.rows = raw_.rows;
  labels.source = raw_.source;
  labels.source_files = raw_.source_files;
  labels.source_line = raw_.source_line;
  labels.first_source_row = raw_.first_source_row;
  if (schema_) {
    apply_targets(raw_.labels, *schema_, true, labels);
  } else {
    fit_targets(raw_.labels, use_, labels);
  }
  return labels;
}

std::vector<float> TrainingSource::classes_to_split_by() const {
  if (config_.stratify == Tristate::no) return std::vector<float>(static_cast<std::size_t>(rows()));
  Dataset labels = this->labels();
  if (labels.target_kind == TargetKind::classes) return std::move(labels.target);
  if (config_.stratify == Tristate::yes)
    throw ConfigError(fmt::format(
        "data.stratify = true: the targets of {} are numbers; want auto or false, or a loss for classes",
        source()));
  return std::vector<float>(static_cast<std::size_t>(rows()));
}

Split TrainingSource::split(std::uint64_t seed) const {
  if (config_.validation_fraction == 0) return split_rows(rows(), 0, seed);
  const std::vector<float> classes = classes_to_split_by();
  const bool one_class =
      std::adjacent_find(classes.begin(), classes.end(), std::not_equal_to<>()) == classes.end();
  Split split = one_class ? split_rows(rows(), config_.validation_fraction, seed)
                          : split_by_class(classes, config_.validation_fraction, seed);
  if (split.train.empty()) throw DataError(source() + ": no rows to train on");
  if (split.validation.empty())
    throw DataError(
        fmt::format("{}: data.validation_fraction = {} of {} rows holds out none; want more of them, "
                    "or a file data.validation",
                    source(), config_.validation_fraction, rows()));
  return split;
}

void TrainingSource::require_weight(const std::vector<std::int64_t>& held_out,
                                    const std::string& setting) const {
  const std::vector<float>& weight = fitted_ ? fitted_->weight : raw_.weight;
  const auto counts = [&](std::int64_t row) { return weight[static_cast<std::size_t>(row)] != 0; };
  if (weight.empty() || held_out.empty() || std::any_of(held_out.begin(), held_out.end(), counts)) return;
  throw DataError(
      fmt::format("{}: every row that {} holds out has weight 0; want at least one above in data.weight",
                  source(), setting));
}

Dataset TrainingSource::take(const Split& split) && {
  if (fitted_) return weighted(std::move(*fitted_), split.train);
  return data_set(std::move(raw_), config_, use_, split.train, schema_, threads_);
}

Dataset TrainingSource::make(const Split& split) const {
  if (fitted_) return weighted(*fitted_, split.train);
  return data_set(RawData(raw_), config_, use_, split.train, schema_, threads_);
}

}  // namespace thalweg
