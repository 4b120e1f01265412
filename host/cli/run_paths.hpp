#pragma once
// The data files that a run's config names, from wherever a command is called.
#include <string>

#include "thalweg/config.hpp"

namespace thalweg::cli {

/// Relative paths of a run's config hold from where the run was started. Where `model` (the run's folder, or
/// one of its checkpoints) lies as `out` says, that place is known: files that are not here are taken from
/// there.
void find_data_of_run(const std::string& model, Config& config);

}  // namespace thalweg::cli
