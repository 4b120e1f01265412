#pragma once
#include <string>

#include "thalweg/metrics.hpp"

namespace thalweg {

/// Says that a model with these metrics on the rows called `where` is worse than one that predicts the mean,
/// or the shares of the classes, and what to try. Empty: it is not.
std::string worse_than_constant(const Metrics& metrics, const std::string& where);

}  // namespace thalweg
