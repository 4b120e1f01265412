#include "host/data/input_paths.hpp"

namespace thalweg {

TestPaths test_paths(const DataConfig& config, bool need_target) {
  const bool part_of_train = config.test.empty() && !config.test_rows.empty();
  const bool same_labels =
      part_of_train || (need_target && config.test_target.empty() && config.test == config.train);
  return {part_of_train ? config.train : config.test, same_labels ? config.target : config.test_target};
}

std::vector<std::string> input_paths(const DataConfig& config) {
  const TestPaths test = test_paths(config, true);
  return {config.train, config.target, config.weight, config.validation, config.validation_target,
          test.data,    test.target};
}

}  // namespace thalweg
