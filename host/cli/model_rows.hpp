#pragma once
// The rows that a command asks a model about: of a file, or of the run that made the model.
#include <string>
#include <vector>

#include "host/cli/arguments.hpp"
#include "host/cli/cli.hpp"
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg::cli {

struct ModelRows {
  Dataset data;
  std::vector<std::int64_t> rows;  ///< of the data, in order
};

/// The option --rows, and the model that the command names.
struct RowsWanted {
  const std::string& model;
  const std::string& which;
};

/// Reads `which` rows: "test" is data.test, read by the schema; "train" and "validation" are those that the
/// run trained on and held out, read by its config, without class weights. Throws UsageError where the config
/// has no such rows or the command line names others, DataError where the training data make another schema
/// than the model's.
ModelRows read_model_rows(const Config& config, const RowsWanted& wanted, const Model& model,
                          bool need_target, const Common& arguments, Streams streams);

/// The rows that the model was trained on, with the weights that they had in training, as data.train, the
/// weights and the split of `config` say. They are read by the model's schema.
Dataset read_trained_rows(const Config& config, const Model& model, const ReadOptions& reading);

}  // namespace thalweg::cli
