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

inline ContextOptions context_for(const Config& config) {
  return {.device = config.device, .threads = static_cast<int>(config.train.threads)};
}

}  // namespace thalweg::cli
