#pragma once
// Metrics of a model on a data set.
// Example: metrics_example in examples/tour.cpp.
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Values of the metrics that suit the model, by their names (metric_names). All are weighted by the sample
/// weights and have the same bits on every exact device (docs/numerics.md, "Metrics").
struct THALWEG_API Metrics {
  std::vector<std::pair<std::string, double>> values;
  /// Metrics that the rows do not define, by name, and why: auc where the rows hold one class, and the like.
  std::vector<std::pair<std::string, std::string>> undefined = {};
  /// [true class][predicted class]: summed weights; classification only.
  std::vector<std::vector<double>> confusion = {};
  std::vector<std::string> classes = {};

  /// Returns NaN if there is no metric of that name, or if the rows do not define it.
  double operator[](const std::string& name) const;
};

/// Which metrics are computed: those of sums, which alone leave the device, or also those that need the
/// outputs of all rows (needs_outputs).
enum class MetricScope { sums, all };

/// The names of what `evaluate` gives for the model, in its order.
THALWEG_API std::vector<std::string> metric_names(const ModelSpec& spec);

/// Whether a better model has a larger value of the metric: accuracy, auc, r2 and the like.
THALWEG_API bool larger_is_better(const std::string& metric);

/// Whether the metric is left out of MetricScope::sums for the model: average_precision, mape and the like.
THALWEG_API bool needs_outputs(const ModelSpec& spec, const std::string& metric);

/// Evaluates the model on the given rows of the data set (null: on all). Raw rows get the model's transform,
/// and targets its classes and unit (prepare.hpp). Throws InterruptedError soon after
/// `stop_signal` becomes non-zero. With `threshold`, a model of two classes predicts the second one where its
/// probability is at least that; ConfigError for other models.
THALWEG_API Metrics evaluate(const Model& model, const Dataset& data,
                             const std::vector<std::int64_t>* rows = nullptr,
                             const std::atomic<int>* stop_signal = nullptr,
                             std::optional<double> threshold = {});

}  // namespace thalweg
