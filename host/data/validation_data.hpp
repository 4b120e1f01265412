#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Reads data.validation by the schema of the training data, with its own sample weights and no class
/// weights.
Dataset read_validation_data(const DataConfig& config, const DataSchema& schema, const ReadOptions& reading);

}  // namespace thalweg
