#include "host/cli/model_rows.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "host/cli/model_data.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/chosen_rows.hpp"
#include "host/data/text.hpp"
#include "host/run/run_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

/// The fold of a run of data.folds, whose folders are called out/fold-0, out/fold-1, ...
std::int64_t fold_of(const Config& config) {
  constexpr std::string_view kPrefix = "fold-";
  const std::string name = std::filesystem::path(config.out).filename();
  std::int64_t fold = -1;
  if (name.starts_with(kPrefix) && parse_integer(name.substr(kPrefix.size()), fold) && fold >= 0 &&
      fold < config.data.folds)
    return fold;
  throw UsageError("the model is that of one of " + std::to_string(config.data.folds) +
                   " folds, and its out is " + shown(config.out) + "; want the out that the run gave it, " +
                   "which ends in fold-0, fold-1, ...");
}

/// The data as the run had them. Class weights are for training; a file of tests is another matter.
RunData read_data_of_run(Config config, const std::string& which, const DataSchema& schema,
                         const ReadOptions& reading) {
  if (config.data.train.empty())
    throw UsageError("--rows=" + which + " needs the folder of a run, which tells its training data");
  config.data.class_weight = "none";
  config.data.test.clear();
  config.data.test_rows.clear();
  RunData run = config.data.folds != 0 ? FoldData(config, reading.progress).fold(fold_of(config))
                                       : read_run_data(config, reading.progress);
  if (schema_to_json(schema_of(run.train)) != schema_to_json(schema))
    throw DataError(config.data.train +
                    " has other rows or columns than those that the model was trained on; "
                    "name the file of the run with --data.train=FILE");
  return run;
}

/// Rows of a run are those of its own split. The seed may be that of an importance.
void require_rows_of_run(const RowsWanted& wanted, bool of_run, const std::vector<std::string>& settings) {
  constexpr std::array<std::string_view, 3> kTest{"data.test", "data.test_target", "data.test_rows"};
  constexpr std::array<std::string_view, 4> kSplit{"data.train_rows", "data.validation_fraction",
                                                   "data.folds", "data.stratify"};
  const auto has = [](const auto& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const std::string& key : keys_of(settings)) {
    if (has(kTest, key))
      throw UsageError("--rows=" + wanted.which + " and " + key + " name different rows; give one of them");
    if (of_run && has(kSplit, key))
      throw UsageError("--rows=" + wanted.which + ": the run's own " + key +
                       " says which rows these are; leave " + key + " out");
  }
}

/// What decided the run's rows. The model itself holds the schema that model.init gave it.
Config config_of_rows(const RowsWanted& wanted, const Common& arguments, Config config) {
  const std::string beside = wanted.model + "/config.toml";
  const bool of_run = std::filesystem::exists(beside);
  require_rows_of_run(wanted, of_run, arguments.settings);
  if (!of_run) return config;
  Config run;
  read_config_file(beside, run);
  config.seed = run.seed;
  if (!value_named<Initialisation>(config.model.init)) config.model.init = wanted.model;
  return config;
}

}  // namespace

ModelRows read_model_rows(const Config& config, const RowsWanted& wanted, const Model& model,
                          bool need_target, const Common& arguments, Streams streams) {
  const std::string& which = wanted.which;
  if (which == "test") {
    const DataConfig& files = config.data;
    if (files.test.empty() && files.test_rows.empty() &&
        (files.validation_fraction > 0 || !files.validation.empty()))
      throw UsageError(
          "no data; give --data.test=FILE, or --rows=validation for the rows that the run held out");
    Dataset data = read_for_model(config, model, need_target, arguments, streams);
    const std::int64_t rows = data.rows;
    return {std::move(data), all_rows(rows)};
  }
  const ReadOptions reading = read_options(config, tell_of_waiting(streams.err, arguments.quiet));
  RunData run =
      read_data_of_run(config_of_rows(wanted, arguments, config), which, model.spec().schema, reading);
  if (which == "train") return {std::move(run.train), std::move(run.split.train)};
  if (run.validation) {
    const std::int64_t rows = run.validation->rows;
    return {std::move(*run.validation), all_rows(rows)};
  }
  if (run.split.validation.empty())
    throw UsageError("the run held no rows out: it has neither data.validation nor data.validation_fraction");
  return {std::move(run.train), std::move(run.split.validation)};
}

Dataset read_trained_rows(const Config& config, const Model& model, const ReadOptions& reading) {
  TrainingSource source = training_source(config, model.spec(), reading);
  const auto seed = static_cast<std::uint64_t>(config.seed);
  const std::int64_t folds = config.data.folds;
  const Split split = folds != 0 ? Folds(source.classes_to_split_by(), folds, seed).split(fold_of(config))
                                 : source.split(seed);
  return choose_rows(std::move(source).take(split), split.train);
}

}  // namespace thalweg::cli
