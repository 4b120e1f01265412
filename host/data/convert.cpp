// Data of any format into shards. An array of numbers passes by in blocks; the rows of other formats are in
// memory first, because their categories, widths and labels are those of all rows.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/array_conversion.hpp"
#include "host/data/input_file.hpp"
#include "host/data/rounded_targets.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/shards/write_shards.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

/// A run's own settings stay with the run: it may weight and standardise targets anew.
DataConfig settings_of_conversion(DataConfig config) {
  config.class_weight = name_of(ClassWeighting::none);
  config.standardize_target = Tristate::no;
  return config;
}

ConvertReport write(RawData&& raw, const DataConfig& config, const std::string& folder,
                    const ConvertOptions& options) {
  require_some_rows(raw);
  const std::vector<std::int64_t> all = all_rows(raw.rows);
  std::vector<float> weight = raw.weight;  // as in the file: a run divides by the mean of its own rows
  const std::vector<double> targets = raw.labels.numbers;
  Dataset data = fit_dataset(std::move(raw), config, options.use, all, options.reading.threads);
  if (data.target_kind == TargetKind::number) require_targets_of_float32(targets, data.source);
  data.weight = std::move(weight);  // mutant: weights-of-the-file
  ConvertReport report =
      write_shards(data, folder, options, {data.filled, config.impute, name_of(config.weight)});
  report.notes.insert(report.notes.begin(), data.notes.begin(), data.notes.end());
  return report;
}

/// Nothing where a column decides that all rows have to be read.
std::optional<ConvertReport> convert_in_blocks(const DataConfig& config, const std::string& folder,
                                               const ConvertOptions& options, std::string& note) {
  ArrayConversion conversion(config, folder, options);
  try {
    RawData rest = read_raw_training_data(config, options.use, options.reading, conversion.takers());
    if (conversion.has_rows()) return conversion.finish();
    return write(std::move(rest), config, folder, options);
  } catch (const NeedsAllRows& found) {
    note = fmt::format("{}: {} has numbers that float32 rounds off, so the rows were read into memory",
                       config.train, found.column);
    return std::nullopt;
  }
}

}  // namespace

ConvertReport convert(const DataConfig& data, const std::string& folder, const ConvertOptions& options) {
  require_new_folder(folder);
  if (is_shard_set(data.train))
    throw ConfigError(fmt::format("data.train = {} is a set of shards already; want other data", data.train));
  const DataConfig config = settings_of_conversion(data);
  std::string note;
  // The bytes of a pipe come once, and a block may say that all rows have to be read again.
  const bool once = names_pipe(config.train) || names_pipe(config.target) || names_pipe(config.weight);
  if (!once && config.impute == Imputation::error) {
    std::optional<ConvertReport> report = convert_in_blocks(config, folder, options, note);
    if (report) return std::move(*report);
  }
  ConvertReport report =
      write(read_raw_training_data(config, options.use, options.reading), config, folder, options);
  if (!note.empty()) report.notes.push_back(note);
  return report;
}

}  // namespace thalweg
