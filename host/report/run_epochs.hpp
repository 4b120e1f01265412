#pragma once
// Which epochs of a run its pages speak of.
#include <string>

#include "host/report/run_files.hpp"

namespace thalweg::report {

/// The metric that chooses between epochs, as the log calls it: that of train.metric on the validation rows,
/// or train.loss where the run held none out.
std::string watched_value(const RunFiles& run);
/// Whether a better epoch has a larger value: of "validation.auc", but not of "train.loss".
bool larger_value_is_better(const std::string& value);
/// Whether `a` is better than `b`; NaN is worse than any number.
bool is_better(const std::string& value, double a, double b);

/// The first of the best epochs by watched_value; null where the log has no such number.
const LogLine* best_epoch(const RunFiles& run);
/// The epoch whose parameters the run ends with: the best where train.patience chooses it, else the last.
const LogLine* model_epoch(const RunFiles& run);

}  // namespace thalweg::report
