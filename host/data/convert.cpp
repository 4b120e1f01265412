// Data of any format into shards. Arrays of numbers and texts pass by in blocks. Rows are in memory first
// where all of them decide what becomes of one: its categories, or an offset.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/input_file.hpp"
#include "host/data/rounded_targets.hpp"
#include "host/data/row_conversion.hpp"
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

/// Why a table was read into memory; empty: it is none of texts.
std::string note_of_texts(const RawData& raw) {
  for (std::int64_t c = 0; c < std::ssize(raw.texts); ++c)
    if (!raw.texts[static_cast<std::size_t>(c)].empty())
      return fmt::format("{}: {} has texts, so the rows were read into memory", raw.source, raw.column(c));
  return "";
}

void add(std::vector<std::string> more, std::vector<std::string>& notes) {
  notes.insert(notes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
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
  ConvertReport report = write_shards(
      data, folder, options, {data.filled, config.impute, name_of(config.weight), data.row_name_column});
  add(std::move(data.notes), report.notes);
  return report;
}

/// Rows that pass by. Nothing where a column decides that all of them have to be read.
std::optional<ConvertReport> convert_in_blocks(DataConfig config, const std::string& folder,
                                               const ConvertOptions& options, std::string& note) {
  for (RowsHave have;;) {
    if (have.index_zero) config.index_base = IndexBase::zero;
    RowConversion conversion(config, folder, options, have);
    try {
      RawData rest = read_raw_training_data(config, options.use, options.reading, conversion.takers());
      if (conversion.has_rows()) return conversion.finish(std::move(rest));
      note = note_of_texts(rest);
      return write(std::move(rest), config, folder, options);
    } catch (const NeedsAgain& found) {
      have = found.have;
    } catch (const NeedsAllRows& found) {
      note = fmt::format("{}: {} has numbers that float32 rounds off, so the rows were read into memory",
                         config.train, found.column);
      return std::nullopt;
    }
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
  std::optional<ConvertReport> report;
  if (!once) report = convert_in_blocks(config, folder, options, note);
  if (!report)
    report = write(read_raw_training_data(config, options.use, options.reading), config, folder, options);
  if (!note.empty()) report->notes.push_back(note);
  return std::move(*report);
}

}  // namespace thalweg
