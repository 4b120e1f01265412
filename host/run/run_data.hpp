#pragma once
// The data of a run.
#include <optional>
#include <string>

#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct RunData {
  Dataset train;  ///< with the validation rows
  Split split;
  std::optional<Dataset> test;
  std::string fingerprint;  ///< of `train`

  /// The row ids "FILE line N, ... and M more", for messages.
  std::string name_rows(const std::vector<std::int64_t>& rows) const;
};

/// Throws ConfigError, NoInputError or DataError.
RunData read_run_data(const Config& config, const ReadProgress& progress);

/// Throws DataError for a target that the model's loss does not take.
void check_targets(const RunData& data, const ModelSpec& spec);

}  // namespace thalweg
