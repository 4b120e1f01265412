#pragma once
// Metrics that need the outputs of all rows: computed on the host, in double, rows in their order.
#include <cstdint>
#include <vector>

#include "host/model/confusion_metrics.hpp"
#include "host/model/metric_value.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Rows with their outputs, targets and weights.
struct ScoredRows {
  std::int64_t columns = 1;
  std::vector<float> output;  ///< [rows, columns]
  std::vector<float> target;
  std::vector<double> weight;

  std::size_t rows() const { return target.size(); }
  const float* row(std::size_t n) const { return output.data() + n * static_cast<std::size_t>(columns); }
};

/// Area under the ROC curve and average precision. Of two classes: those of the second class. Of more: the
/// mean over the classes, each against the rest, ranked by its probability.
struct Ranking {
  MetricValue auc, average_precision;
};
Ranking ranking_of(const ModelSpec& spec, const ScoredRows& rows);

/// The share of the weight whose class is among the k largest outputs; of equal outputs the last come first.
double top_k_accuracy(const ScoredRows& rows, std::int64_t k);

/// Mean of |prediction - target| / |target|, in the unit of the data.
MetricValue absolute_percentage_error(const ModelSpec& spec, const ScoredRows& rows);

/// The confusion where the second of two classes is predicted at `threshold`.
Confusion confusion_at(double threshold, const ScoredRows& rows);

}  // namespace thalweg
