#pragma once
// The metadata of model.safetensors.
#include <map>
#include <optional>
#include <string>

#include "thalweg/model.hpp"

namespace thalweg {

std::map<std::string, std::string> model_metadata(const ModelSpec& spec);
/// Throws CorruptCheckpoint naming `file` and the entry that is missing or wrong.
ModelSpec model_spec_from(const std::map<std::string, std::string>& metadata, const std::string& file);

/// The shape and the data of the model at `path`, a folder or a file as Model::load takes it; none: tensors
/// of another program, which say nothing of either. Throws as Model::load does.
std::optional<ModelSpec> stored_spec(const std::string& path);

/// Targets that the loss cannot take (a negative count for poisson): throws DataError naming the row.
void check_targets(const Dataset& data, const ModelSpec& spec);

}  // namespace thalweg
