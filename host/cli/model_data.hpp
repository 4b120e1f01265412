#pragma once
// The data that evaluate and predict work on.
#include <filesystem>

#include "host/cli/cli.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg::cli {

/// The config beside the model (a run's folder or checkpoint has one), then the flags.
inline Config config_for_model(const std::string& model, const std::vector<std::string>& settings) {
  Config config;
  const std::string beside = model + "/config.toml";
  if (std::filesystem::exists(beside)) read_config_file(beside, config);
  apply_settings(settings, config);
  return config;
}

/// data.test (data.train when only a row range of it is the test data), read by the model's schema.
inline Dataset read_model_data(const Config& config, const Model& model, bool need_target) {
  const bool range_of_train = config.data.test.empty() && !config.data.test_rows.empty();
  const std::string& path = range_of_train ? config.data.train : config.data.test;
  if (path.empty()) throw UsageError("no data; give --data.test=FILE");
  const std::string& target = range_of_train ? config.data.target : config.data.test_target;
  return read_data_as(config.data, path, target, config.data.test_rows, model.spec().schema, need_target);
}

inline ContextOptions context_for(const Config& config) {
  return {.device = config.device, .threads = static_cast<int>(config.train.threads)};
}

}  // namespace thalweg::cli
