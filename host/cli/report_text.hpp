#pragma once
// Metrics and reports as text and JSON.
#include <string>

#include "host/json/json.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/trainer.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::cli {

/// Adds "prefix.name": value for each metric, and the confusion matrix.
void add_json(Json& object, const std::string& prefix, const Metrics& metrics);
/// A table of the metrics, a line each, and the confusion matrix when there are few classes.
std::string to_text(const std::string& title, const Metrics& metrics);

Json to_json(const TrainReport& report);
std::string to_text(const PrivacyReport& privacy);
std::string to_text(const TrainReport& report);

Json to_json(const VerifyReport& report);
std::string to_text(const VerifyReport& report);

}  // namespace thalweg::cli
