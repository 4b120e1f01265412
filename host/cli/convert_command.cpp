#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <utility>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/signal_handler.hpp"
#include "host/config/home_path.hpp"
#include "host/config/settings.hpp"
#include "host/data/counted.hpp"
#include "host/data/shard_data.hpp"
#include "host/json/json.hpp"
#include "host/model/model_file.hpp"
#include "host/model/objective.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::cli {
namespace {

std::atomic<int> stop_signal{0};

/// The first signal ends the reading, which removes what was written; the second one ends the process.
extern "C" void on_convert_stop(int signal) {
  if (stop_signal.exchange(signal) != 0) std::_Exit(128 + signal);
}

struct Interrupted {};

/// Rows for a model are read as its run read its own, unless the call says otherwise.
DataConfig read_as_run(const std::string& model) {
  const DataConfig run = settings_beside(config_for_model(model, {}).data);
  return {.format = run.format,
          .weight = run.weight,
          .header = run.header,
          .delimiter = run.delimiter,
          .decimal = run.decimal,
          .thousands = run.thousands,
          .comment = run.comment,
          .missing = run.missing,
          .ignore = run.ignore,
          .id = run.id,
          .unseen = run.unseen};
}

Config config_of(const ConvertArguments& arguments, Streams streams) {
  Config config;
  apply_settings(arguments.settings, config);
  if (!value_named<Initialisation>(config.model.init)) {
    config = Config{.data = read_as_run(config.model.init)};
    apply_settings(arguments.settings, config);
  }
  if (!config.data.train.empty())
    throw UsageError("data.train and " + arguments.data + " both name the data; give one of them");
  config.data.train = with_home(arguments.data);
  for (const std::string& key : keys_of(arguments.settings))
    if (!arguments.quiet && !is_read_by(ReadBy::conversion, key))
      streams.err << key << " has no effect on a conversion; a run on the shards reads it" << std::endl;
  return config;
}

double in_megabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

std::string to_text(const ConvertReport& report, const std::string& folder, double seconds) {
  return fmt::format("{}: {} of {} in {}, {:.1f} MB in {:.1f} s, {:.1f} MB/s\n", folder,
                     counted(report.rows, "row"), counted(report.features, "feature"),
                     counted(report.shards, "shard"), in_megabytes(report.bytes), seconds,
                     in_megabytes(report.bytes) / seconds);
}

Json to_json(const ConvertReport& report, const std::string& folder, double seconds) {
  Json object;
  object["out"] = folder;
  object["rows"] = report.rows;
  object["features"] = report.features;
  object["shards"] = report.shards;
  object["bytes"] = report.bytes;
  object["seconds"] = seconds;
  object["megabytes_per_second"] = in_megabytes(report.bytes) / seconds;
  return object;
}

/// Rows in the form of a model's data, to test it on or to predict.
ConvertReport convert_as(const Config& config, const std::string& folder, const ConvertOptions& options,
                         const ConvertArguments& arguments) {
  const bool need_target = !arguments.no_target;
  const std::optional<ModelSpec> model = stored_spec(config.model.init);
  if (!model)
    throw DataError(config.model.init +
                    " does not say what its inputs are; want a run or a model of this version");
  const DataConfig& data = config.data;
  Dataset rows = read_data_as(data, data.train, data.target, data.train_rows, model->schema, need_target,
                              options.reading, weight_file_of(arguments));
  if (!need_target) rows.target.clear();
  ConvertReport report = write_shards(rows, folder, options);
  report.notes.insert(report.notes.begin(), rows.notes.begin(), rows.notes.end());
  return report;
}

ConvertReport convert_or_stop(const Config& config, const std::string& folder,
                              const ConvertArguments& arguments, ProgressPrinter& printer) {
  const auto reading = [&](const std::string& file, std::int64_t done, std::int64_t total) {
    if (stop_signal.load() != 0) throw Interrupted();
    printer.reading(file, done, total);
  };
  const ConvertOptions options{.shard_bytes = arguments.shard_mb << 20,
                               .use = target_use(config.model.loss),
                               .reading = read_options(config, reading),
                               .floats = *value_named<CellFloats>(arguments.dtype),
                               .compress = *value_named<ShardCompression>(arguments.compress)};
  if (!value_named<Initialisation>(config.model.init)) return convert_as(config, folder, options, arguments);
  if (arguments.no_target)
    throw UsageError("--no-target needs --model.init=RUN: rows to predict take the form of a model's data");
  return convert(config.data, folder, options);
}

int print(const ConvertArguments& arguments, Streams streams) {
  const Config config = config_of(arguments, streams);
  const std::string folder = with_home(arguments.out);
  ProgressPrinter printer(streams.err, arguments.quiet);
  const auto start = std::chrono::steady_clock::now();
  const ConvertReport report = convert_or_stop(config, folder, arguments, printer);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  printer.finish();
  for (const std::string& note : report.notes) printer.message(note);
  streams.out << (arguments.json ? to_json(report, folder, seconds).dump(2) + "\n"
                                 : to_text(report, folder, seconds))
              << std::flush;
  return static_cast<int>(ExitCode::done);
}

}  // namespace

int convert_command(const ConvertArguments& arguments, Streams streams) {
  stop_signal = 0;
  try {
    const SignalHandler handlers[] = {
        {SIGINT, on_convert_stop}, {SIGHUP, on_convert_stop}, {SIGTERM, on_convert_stop}};
    return print(arguments, streams);
  } catch (const Interrupted&) {
    // As the signal alone would have ended it, now that no half of a set is left.
    std::raise(stop_signal);
    return 128 + stop_signal;
  }
}

}  // namespace thalweg::cli
