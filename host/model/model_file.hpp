#pragma once
// The metadata of model.safetensors.
#include <map>
#include <string>

#include "thalweg/model.hpp"

namespace thalweg {

std::map<std::string, std::string> model_metadata(const ModelSpec& spec);
/// Throws CorruptCheckpoint naming `file` and the entry that is missing or wrong.
ModelSpec model_spec_from(const std::map<std::string, std::string>& metadata, const std::string& file);

/// Targets that the loss cannot take (a negative count for poisson): throws DataError naming the row.
void check_targets(const Dataset& data, const ModelSpec& spec);

}  // namespace thalweg
