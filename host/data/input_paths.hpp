#pragma once
// The files that a config reads.
#include <string>
#include <vector>

#include "thalweg/config.hpp"

namespace thalweg {

struct TestPaths {
  std::string data, target;
};

/// data.test and data.test_target; without a test file data.test_rows picks rows of the training files.
TestPaths test_paths(const DataConfig& config, bool need_target);

/// All that a training run reads, as often as it reads it; empty where there is none. A path may also be the
/// name of a column.
std::vector<std::string> input_paths(const DataConfig& config);

}  // namespace thalweg
