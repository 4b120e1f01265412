#pragma once
// The config that a command works with.
#include <filesystem>
#include <functional>
#include <ostream>
#include <string_view>

#include "host/cli/arguments.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/progress.hpp"
#include "host/cli/run_paths.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/data/test_data.hpp"
#include "host/run/context_options.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg::cli {

/// Says what is waited for, and nothing else of the reading.
inline ReadProgress tell_of_waiting(std::ostream& err, bool quiet) {
  return [&err, quiet](const std::string& file, std::int64_t done, std::int64_t total) {
    if (!quiet && total == kWaiting) err << waiting_for(file, done) << std::endl;
  };
}

/// A config file, where there is one, then the flags. Throws UsageError without training data, ConfigError
/// where a pipe is wanted twice.
inline Config config_for_training(const std::string& config_file, const std::vector<std::string>& settings,
                                  const ReadProgress& reading) {
  Config config;
  if (!config_file.empty()) read_named_config(config_file, config, reading);
  apply_settings(settings, config);
  if (config.data.train.empty())
    throw UsageError("no training data; give --data.train=FILE or a config file with [data] train");
  std::vector<std::string> paths = input_paths(config.data);
  paths.push_back(config_file);
  require_pipes_once(paths);
  return config;
}

/// The config beside the model (a run's folder or checkpoint has one), then the flags.
inline Config config_for_model(const std::string& model, const std::vector<std::string>& settings) {
  Config config;
  const std::string beside = model + "/config.toml";
  if (std::filesystem::exists(beside)) {
    read_config_file(beside, config);
    find_data_of_run(model, config);
  }
  apply_settings(settings, config);
  return config;
}

/// The model at `path`, as Model::load takes it. Says which checkpoint stands for a run that left no model,
/// and why, and which checkpoints are damaged.
Model load_model(const Context& ctx, const std::string& path, const Common& arguments, Streams streams);

/// The full keys that settings on the command line name.
std::vector<std::string> keys_of(const std::vector<std::string>& settings);

/// Calls a check of an option; what a model does not take is then a mistake of the command line.
template <class Check>
auto check_option(const Check& check) {
  try {
    return check();
  } catch (const ConfigError& error) {
    throw UsageError(error.what());
  } catch (const UnsupportedLayer& error) {
    throw UsageError(error.what());
  }
}

/// The path of a file to write, once its folder is known to be writable. Throws UsageError for one that the
/// command reads. `option`: that which names it.
std::string output_file(const std::string& output, const std::string& model, const Config& config,
                        std::string_view option = "--output");

/// Whose weights the file data.weight has: those of the rows that the call names, where it names the file,
/// too.
WeightFile weight_file_of(const Common& arguments);

/// Reads the data that a command gives to a model. Says what was left out of them, and which settings of the
/// command line only training reads.
Dataset read_for_model(const Config& config, const Model& model, bool need_target, const Common& arguments,
                       Streams streams);

/// The same block by block (read_test_blocks).
void read_blocks_for_model(const Config& config, const Model& model, bool need_target,
                           const Common& arguments, Streams streams,
                           const std::function<void(const Dataset&)>& take);

}  // namespace thalweg::cli
