#pragma once
// Metrics and reports as text and JSON.
#include <limits>
#include <string>

#include "host/json/json.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/trainer.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::cli {

constexpr int kAnyColumns = std::numeric_limits<int>::max();  ///< where there is no window

/// Adds "prefix.name": value for each metric, and the confusion matrix.
void add_json(Json& object, const std::string& prefix, const Metrics& metrics);
/// A table of the metrics, a line each, and the confusion matrix when there are few classes. `columns`: of
/// the window that shows it.
std::string to_text(const std::string& title, const Metrics& metrics, int columns = kAnyColumns);

Json to_json(const TrainReport& report);
std::string to_text(const PrivacyReport& privacy);
std::string to_text(const TrainReport& report, int columns = kAnyColumns);

Json to_json(const VerifyReport& report);
std::string to_text(const VerifyReport& report);

}  // namespace thalweg::cli
