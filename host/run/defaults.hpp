#pragma once
// The settings that "auto" leaves to a run: by loss, rows, features and model. docs/defaults.md has the rule,
// why it is this one, and what it reaches.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Decides what has to be known before the data are read: whether a target of numbers is standardised.
Config with_data_defaults(Config config);

/// What the rule depends on, besides the config.
struct RunShape {
  std::int64_t rows = 0;     ///< to train on, without those of weight 0
  double entries = 1.0;      ///< inputs of a row; sparse data: those that it stores, on average
  double square_norm = 1.0;  ///< mean squared norm of the inputs of a row that has one; 0: none has
  Loss loss = Loss::squared;
  bool target_by_rule =
      true;  ///< with_data_defaults decided on data.standardize_target, perhaps without a loss
};
RunShape run_shape(const Dataset& data, const std::vector<std::int64_t>& rows, const ModelSpec& spec);

/// Gives a value to every setting that is left open. What is given stays.
Config with_run_defaults(Config config, const RunShape& shape);

/// "by rule: optimizer.lr = 0.03, train.epochs = 40 (docs/defaults.md)", of what `asked` left open; empty:
/// nothing.
std::string describe_defaults(const Config& asked, const Config& resolved);

}  // namespace thalweg
