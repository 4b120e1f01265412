#include "thalweg/prepare.hpp"

#include <fmt/format.h>

#include "host/config/data_rules.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/memory_settings.hpp"
#include "host/data/raw_table.hpp"
#include "host/data/validate_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

ReadRequest request_of(const RawTable& table, const DataConfig& config, const ReadProgress& progress) {
  return {.config = config,
          .path = table.source.empty() ? kMemory : table.source,
          .target = "",
          .target_key = "target",
          .weight = config.weight,
          .range = {},
          .progress = progress};
}

/// The rows that statistics come from.
std::vector<std::int64_t> rows_to_fit(std::int64_t rows, const std::vector<std::int64_t>* train_rows,
                                      const std::string& source) {
  if (train_rows == nullptr) return all_rows(rows);
  if (train_rows->empty()) throw ShapeError("train_rows is empty; want rows that statistics come from");
  require_row_ids(rows, *train_rows, source);
  return *train_rows;
}

}  // namespace

Dataset prepare(Dataset rows, const DataSchema& schema) {
  const bool has_target = !rows.target.empty();
  validate_data(rows, MissingValues::allowed, 0);
  require_form(schema, rows, has_target);
  return fit_to_schema(std::move(rows), schema, has_target, 0);
}

Dataset prepare(const RawTable& table, const DataSchema& schema, const DataConfig& config) {
  config_rules::check_data(config);
  require_no_files(config);
  const ReadProgress none;
  ReadRequest request = request_of(table, config, none);
  request.need_target = false;
  request.schema = &schema;
  RawData raw = raw_data_of(table, request);
  const bool has_target = raw.labels.present;
  return apply_schema(std::move(raw), schema, has_target, config.unseen, 0);
}

Dataset fit_transform(Dataset rows, const DataConfig& config, const std::vector<std::int64_t>* train_rows) {
  config_rules::check_data(config);
  require_no_files(config);
  require_no_columns(config);
  if (!is_raw(rows.transform) || rows.target_transform != TargetTransform{})
    throw DataError(source_of(rows) + " has a transform already; want raw rows");
  const std::vector<std::int64_t> fit = rows_to_fit(rows.rows, train_rows, source_of(rows));
  if (rows.rows > 0) validate_data(rows, MissingValues::allowed, 0);
  const TargetUse use = use_of(rows.target_kind);
  RawData raw = raw_data_of(std::move(rows));
  require_some_rows(raw);
  return fit_dataset(std::move(raw), config, use, fit, 0);
}

Dataset fit_transform(const RawTable& table, const std::string& target, const DataConfig& config,
                      TargetUse use, const std::vector<std::int64_t>* train_rows) {
  config_rules::check_data(config);
  require_no_files(config);
  const ReadProgress none;
  ReadRequest request = request_of(table, config, none);
  request.target = target;
  request.use = use;
  request.for_training = true;
  RawData raw = raw_data_of(table, request);
  const std::vector<std::int64_t> fit = rows_to_fit(raw.rows, train_rows, raw.source);
  return fit_dataset(std::move(raw), config, use, fit, 0);
}

}  // namespace thalweg
