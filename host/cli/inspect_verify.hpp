#pragma once
#include <string>

#include "host/cli/cli.hpp"

namespace thalweg::cli {

/// Reads and checks the model and every checkpoint at `path`: a model's file, a checkpoint, a run, or each
/// run in a folder of runs or folds. Names what is damaged, and a model that has no checksum. Gives the exit
/// code.
int verify_models(const std::string& path, Streams streams);

}  // namespace thalweg::cli
