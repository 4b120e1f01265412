#pragma once
// Whose model answers for a run.
#include <string>
#include <vector>

#include "thalweg/model.hpp"

namespace thalweg::report {

/// Model::load; adds to `notes` which checkpoint stands for a run that left no model, and why, and a line for
/// each damaged one that was passed over.
Model load_model(const Context& ctx, const std::string& run, std::vector<std::string>& notes);

}  // namespace thalweg::report
