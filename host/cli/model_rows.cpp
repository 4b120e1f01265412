#include "host/cli/model_rows.hpp"

#include "host/cli/model_data.hpp"
#include "host/data/all_rows.hpp"
#include "host/run/run_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

/// The data as the run had them. Class weights are for training; a file of tests is another matter.
RunData read_data_of_run(Config config, const std::string& which, const DataSchema& schema,
                         const ReadOptions& reading) {
  if (config.data.train.empty())
    throw UsageError("--rows=" + which + " needs the folder of a run, which tells its training data");
  if (config.data.folds > 0)
    throw UsageError("--rows=" + which +
                     ": the model is that of a fold, whose rows are not on record; give "
                     "--data.test=FILE");
  config.data.class_weight = "none";
  config.data.test.clear();
  config.data.test_rows.clear();
  RunData run = read_run_data(config, reading.progress);
  if (schema_to_json(schema_of(run.train)) != schema_to_json(schema))
    throw DataError(config.data.train +
                    " has other rows or columns than those that the model was trained on; "
                    "name the file of the run with --data.train=FILE");
  return run;
}

}  // namespace

ModelRows read_model_rows(const Config& config, const std::string& which, const Model& model,
                          bool need_target, const Common& arguments, Streams streams) {
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
  RunData run = read_data_of_run(config, which, model.spec().schema, reading);
  if (which == "train") return {std::move(run.train), std::move(run.split.train)};
  if (run.validation) {
    const std::int64_t rows = run.validation->rows;
    return {std::move(*run.validation), all_rows(rows)};
  }
  if (run.split.validation.empty())
    throw UsageError("the run held no rows out: it has neither data.validation nor data.validation_fraction");
  return {std::move(run.train), std::move(run.split.validation)};
}

}  // namespace thalweg::cli
