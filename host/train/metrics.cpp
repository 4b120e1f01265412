#include "thalweg/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "host/train/evaluation.hpp"
#include "host/train/metric_sums.hpp"

namespace thalweg {
namespace {

/// What of the metrics the data alone decide; in double, in the order of the rows.
struct Targets {
  double weight = 0;             ///< of all rows
  double squared_deviation = 0;  ///< weighted, from the weighted mean
};

Targets targets_of(const PlacedRows& rows) {
  const Dataset& data = rows.host();
  const auto each = [&](auto body) {
    for (std::int64_t n = 0; n < rows.count(); ++n) {
      const std::size_t row = rows.row(n);
      body(data.weight.empty() ? 1.0 : double{data.weight[row]}, double{data.target[row]});
    }
  };
  Targets targets;
  double mean = 0;
  each([&](double weight, double) { targets.weight += weight; });
  // mutant: r2-mean-weighted
  each([&](double weight, double target) { mean += weight * target / targets.weight; });
  each([&](double weight, double target) {
    targets.squared_deviation += weight * (target - mean) * (target - mean);
  });
  return targets;
}

void add_classification(const MetricNumbers& numbers, const ModelSpec& spec, double weight,
                        Metrics& metrics) {
  metrics.classes = spec.schema.classes;
  metrics.confusion = numbers.confusion;
  double right = 0, recall_sum = 0, pairs = 1;
  int present = 0;
  for (std::size_t c = 0; c < metrics.confusion.size(); ++c) {
    const std::vector<double>& predicted = metrics.confusion[c];
    const double of_class = std::accumulate(predicted.begin(), predicted.end(), 0.0);
    right += predicted[c];
    pairs *= of_class;
    if (of_class > 0) {
      recall_sum += predicted[c] / of_class;
      ++present;
    }
  }
  metrics.values.emplace_back("accuracy", right / weight);
  metrics.values.emplace_back("balanced_accuracy", recall_sum / present);  // mutant: present-classes
  if (traits_of(spec.config.loss).probabilities) {
    metrics.values.emplace_back("log_loss", numbers.log_loss / weight);
  }
  if (spec.outputs == 1 && present == 2) metrics.values.emplace_back("auc", numbers.pairs / pairs);
}

void add_regression(const MetricNumbers& numbers, const ModelSpec& spec, const Targets& targets,
                    Metrics& metrics) {
  const double unit = spec.schema.target_transform.deviation;
  metrics.values.emplace_back("r2", 1.0 - numbers.squared / targets.squared_deviation);
  metrics.values.emplace_back("rmse", unit * std::sqrt(numbers.squared / targets.weight));
  metrics.values.emplace_back("mae", unit * numbers.absolute / targets.weight);  // mutant: mae-unit
}

}  // namespace

double Metrics::operator[](const std::string& name) const {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Metrics evaluate_rows(const Context& ctx, Network& network, const PlacedRows& rows,
                      const std::atomic<int>* stop_signal) {
  const ModelSpec& spec = network.spec();
  const Targets targets = targets_of(rows);
  MetricSums sums(ctx, spec, network.objective(), rows, targets.weight);
  for_each_block(ctx, network, rows, stop_signal, [&](const OutputBlock& block) { sums.add(block); });
  const MetricNumbers numbers = sums.read();
  Metrics metrics;
  metrics.values.emplace_back("loss", numbers.loss / targets.weight);
  if (traits_of(spec.config.loss).classification) {
    add_classification(numbers, spec, targets.weight, metrics);
  } else {
    add_regression(numbers, spec, targets, metrics);
  }
  return metrics;
}

Metrics evaluate(const Context& ctx, const Model& model, const Dataset& data,
                 const std::vector<std::int64_t>* rows, const std::atomic<int>* stop_signal) {
  const DeviceDataset placed(ctx, data);
  return evaluate_rows(ctx, model.network(), PlacedRows(ctx, placed, rows), stop_signal);
}

}  // namespace thalweg
