#include "host/report/run_epochs.hpp"

#include <cmath>
#include <string_view>

#include "thalweg/metrics.hpp"

namespace thalweg::report {
namespace {

constexpr std::string_view kOfValidation = "validation.";

}  // namespace

std::string watched_value(const RunFiles& run) {
  const std::string name = std::string(kOfValidation) + run.config.train.metric;
  return run.log.has(name) ? name : "train.loss";
}

bool larger_value_is_better(const std::string& value) {
  return value.starts_with(kOfValidation) && larger_is_better(value.substr(kOfValidation.size()));
}

bool is_better(const std::string& value, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  return larger_value_is_better(value) ? a > b : a < b;
}

const LogLine* best_epoch(const RunFiles& run) {
  const std::string value = watched_value(run);
  const LogLine* best = nullptr;
  for (const LogLine& line : run.log.epochs) {
    if (std::isnan(line[value])) continue;
    if (best == nullptr || is_better(value, line[value], (*best)[value])) best = &line;
  }
  return best;
}

const LogLine* model_epoch(const RunFiles& run) {
  if (run.log.epochs.empty()) return nullptr;
  const bool chosen = run.config.train.patience > 0 && watched_value(run) != "train.loss";
  const LogLine* const best = chosen ? best_epoch(run) : nullptr;
  return best != nullptr ? best : &run.log.epochs.back();
}

}  // namespace thalweg::report
