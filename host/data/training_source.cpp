#include "host/data/training_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/labels.hpp"
#include "host/data/split.hpp"
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
    : config_(config),
      use_(use),
      threads_(reading.threads),
      schema_(std::move(schema)),
      raw_(read_raw_training_data(config, use, reading, schema_ ? &*schema_ : nullptr)) {}

std::vector<float> TrainingSource::classes_to_split_by() const {
  const auto rows = static_cast<std::size_t>(raw_.rows);
  if (config_.stratify == Tristate::no) return std::vector<float>(rows);
  Dataset labels;  // and no features
  labels.rows = raw_.rows;
  labels.source = raw_.source;
  labels.source_line = raw_.lines;
  labels.first_source_row = raw_.first_row;
  if (schema_) {
    apply_targets(raw_.labels, *schema_, true, labels);
  } else {
    fit_targets(raw_.labels, use_, labels);
  }
  if (labels.target_kind == TargetKind::classes) return labels.target;
  if (config_.stratify == Tristate::yes)
    throw ConfigError(fmt::format(
        "data.stratify = true: the targets of {} are numbers; want auto or false, or a loss for classes",
        raw_.source));
  return std::vector<float>(rows);
}

Split TrainingSource::split(std::uint64_t seed) const {
  if (config_.validation_fraction == 0) return split_rows(raw_.rows, 0, seed);
  const std::vector<float> classes = classes_to_split_by();
  const bool one_class =
      std::adjacent_find(classes.begin(), classes.end(), std::not_equal_to<>()) == classes.end();
  Split split = one_class ? split_rows(raw_.rows, config_.validation_fraction, seed)
                          : split_by_class(classes, config_.validation_fraction, seed);
  if (split.train.empty()) throw DataError(raw_.source + ": no rows to train on");
  if (split.validation.empty())
    throw DataError(
        fmt::format("{}: data.validation_fraction = {} of {} rows holds out none; want more of them, "
                    "or a file data.validation",
                    raw_.source, config_.validation_fraction, raw_.rows));
  return split;
}

void TrainingSource::require_weight(const std::vector<std::int64_t>& held_out,
                                    const std::string& setting) const {
  const auto counts = [&](std::int64_t row) { return raw_.weight[static_cast<std::size_t>(row)] != 0; };
  if (raw_.weight.empty() || held_out.empty() || std::any_of(held_out.begin(), held_out.end(), counts))
    return;
  throw DataError(
      fmt::format("{}: every row that {} holds out has weight 0; want at least one above in data.weight",
                  raw_.source, setting));
}

Dataset TrainingSource::take(const Split& split) && {
  return data_set(std::move(raw_), config_, use_, split.train, schema_, threads_);
}

Dataset TrainingSource::make(const Split& split) const {
  return data_set(RawData(raw_), config_, use_, split.train, schema_, threads_);
}

}  // namespace thalweg
