#pragma once
#include <string>

#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// One line about the cost of a step on sparse data that updates more weights than its batch touches; "" if
/// there is nothing to say.
std::string lazy_note(const OptimizerConfig& config, const Dataset& data);

}  // namespace thalweg
