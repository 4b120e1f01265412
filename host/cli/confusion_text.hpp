#pragma once
// A confusion matrix as a table that fits its window.
#include <string>

#include "thalweg/metrics.hpp"

namespace thalweg::cli {

/// Empty for more than twelve classes, or none. Where the usual table is wider than `columns`, its columns
/// become as narrow as their numbers and names; where that does not do, the table goes on below itself.
std::string confusion_text(const Metrics& metrics, int columns);

}  // namespace thalweg::cli
