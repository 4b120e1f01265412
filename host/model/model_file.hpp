#pragma once
// The metadata of model.safetensors.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/model.hpp"

namespace thalweg {

/// The file that stands for the model at a path.
struct ModelFile {
  std::string path;
  /// Of a run that left no model of its own: its newest valid checkpoint, with the steps and epochs that it
  /// has behind it; empty elsewhere.
  std::string checkpoint = {};
  std::int64_t step = 0, epoch = 0;
  std::vector<std::string> damaged = {};  ///< a line for each newer checkpoint that was passed over
};

/// Finds the file that Model::load(path) reads. Throws NoInputError if the path holds no model.
ModelFile find_model_file(const std::string& path);

std::map<std::string, std::string> model_metadata(const ModelSpec& spec);
/// Throws CorruptCheckpoint naming `file` and the entry that is missing or wrong.
ModelSpec model_spec_from(const std::map<std::string, std::string>& metadata, const std::string& file);

/// The shape and the data of the model at `path`, a folder or a file as Model::load takes it; none: tensors
/// of another program, which say nothing of either. Throws as Model::load does.
std::optional<ModelSpec> stored_spec(const std::string& path);

/// Targets that the loss cannot take (a negative count for poisson): throws DataError naming the row.
void check_targets(const Dataset& data, const ModelSpec& spec);

}  // namespace thalweg
