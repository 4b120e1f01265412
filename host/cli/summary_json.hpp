#pragma once
// What a run read and chose, as JSON for `thalweg train --json`.
#include "host/json/json.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::cli {

/// The keys "data" and "task".
void add_json(Json& object, const RunSummary& summary);

/// The keys "folds", "validation.METRIC.mean" and "validation.METRIC.deviation".
void add_folds(Json& object, const TrainReport& report);
/// The same for a reader.
std::string folds_text(const TrainReport& report);

}  // namespace thalweg::cli
