#include "host/data/memory_settings.hpp"

#include <fmt/format.h>

#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {

void require_no_files(const DataConfig& config) {
  const std::pair<const char*, const std::string&> named[] = {
      {"train", config.train},
      {"validation", config.validation},
      {"test", config.test},
      {"target", config.target},
      {"validation_target", config.validation_target},
      {"test_target", config.test_target},
      {"train_rows", config.train_rows},
      {"test_rows", config.test_rows},
  };
  for (const auto& [key, value] : named)
    if (!value.empty())
      throw ConfigError(
          fmt::format("data.{} = \"{}\", but the data are in memory; want it empty", key, value));
  if (!config.crosses.empty() || config.hash_bits != 0)
    throw ConfigError(fmt::format("data.{} is for columns of a CSV file, but the data are in memory",
                                  config.crosses.empty() ? "hash_bits" : "crosses"));
}

void require_no_columns(const DataConfig& config) {
  const std::pair<const char*, bool> given[] = {
      {"weight", !config.weight.empty()},
      {"id", !config.id.empty()},
      {"ignore", !config.ignore.empty()},
      {"categorical", !config.categorical.empty()},
  };
  for (const auto& [key, is_given] : given)
    if (is_given)
      throw ConfigError(fmt::format(
          "data.{} is for columns of a table, but the data set in memory has its features; want it unset",
          key));
}

}  // namespace thalweg
