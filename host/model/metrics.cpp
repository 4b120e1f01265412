#include "thalweg/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

#include "host/model/evaluation.hpp"
#include "host/model/metric_sums.hpp"
#include "host/model/objective.hpp"

namespace thalweg {
namespace {

/// Sums for the metrics that depend on the data alone; in double, in the order of the rows.
struct Targets {
  double weight = 0;             ///< total weight of the rows
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

/// Sums over the classes that have rows; each row of the confusion is a true class.
struct ClassSums {
  double right = 0, recalls = 0, pairs = 1;
  int present = 0;
};

ClassSums sums_of(const std::vector<std::vector<double>>& confusion) {
  ClassSums sums;
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    const double rows = std::accumulate(confusion[c].begin(), confusion[c].end(), 0.0);
    sums.right += confusion[c][c];
    sums.pairs *= rows;
    if (rows <= 0) continue;
    sums.recalls += confusion[c][c] / rows;
    ++sums.present;
  }
  return sums;
}

struct Measured {
  const MetricNumbers& numbers;
  const ModelSpec& spec;
  Targets targets;
  ClassSums classes;

  double unit() const { return spec.schema.target_transform.deviation; }
};

bool always(const ModelSpec&) { return true; }
bool classifies(const ModelSpec& spec) { return traits_of(spec.config.loss).classification; }
bool regresses(const ModelSpec& spec) { return !classifies(spec); }
bool standardizes(const ModelSpec& spec) { return loss_unit(spec).has_value(); }
bool ranks(const ModelSpec& spec) { return classifies(spec) && spec.outputs == 1; }
bool has_probabilities(const ModelSpec& spec) { return traits_of(spec.config.loss).probabilities; }

using Value = std::optional<double>;

Value auc(const Measured& m) {
  if (m.classes.present != 2) return std::nullopt;
  return m.numbers.pairs / m.classes.pairs;
}

struct Metric {
  std::string_view name;
  bool larger_is_better;
  bool (*applies)(const ModelSpec&);
  Value (*value)(const Measured&);  ///< none: the rows do not define it
};

constexpr Metric kMetrics[] = {
    {"loss", false, always, [](const Measured& m) -> Value { return m.numbers.loss / m.targets.weight; }},
    {"loss_in_target_unit", false, standardizes,
     [](const Measured& m) -> Value { return *loss_unit(m.spec) * m.numbers.loss / m.targets.weight; }},
    {"accuracy", true, classifies,
     [](const Measured& m) -> Value { return m.classes.right / m.targets.weight; }},
    {"balanced_accuracy", true, classifies,
     // mutant: present-classes
     [](const Measured& m) -> Value { return m.classes.recalls / m.classes.present; }},
    {"log_loss", false, has_probabilities,
     [](const Measured& m) -> Value { return m.numbers.log_loss / m.targets.weight; }},
    {"auc", true, ranks, auc},
    {"r2", true, regresses,
     [](const Measured& m) -> Value { return 1.0 - m.numbers.squared / m.targets.squared_deviation; }},
    {"rmse", false, regresses,
     [](const Measured& m) -> Value { return m.unit() * std::sqrt(m.numbers.squared / m.targets.weight); }},
    {"mae", false, regresses,
     // mutant: mae-unit
     [](const Measured& m) -> Value { return m.unit() * m.numbers.absolute / m.targets.weight; }},
};

}  // namespace

double Metrics::operator[](const std::string& name) const {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string> metric_names(const ModelSpec& spec) {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) {
    if (metric.applies(spec)) names.emplace_back(metric.name);
  }
  return names;
}

bool larger_is_better(const std::string& name) {
  return std::any_of(std::begin(kMetrics), std::end(kMetrics),
                     [&](const Metric& metric) { return metric.name == name && metric.larger_is_better; });
}

Metrics evaluate_rows(const Context& ctx, Network& network, const PlacedRows& rows,
                      const std::atomic<int>* stop_signal) {
  const ModelSpec& spec = network.spec();
  const Targets targets = targets_of(rows);
  MetricSums sums(ctx, spec, network.objective(), rows, targets.weight);
  for_each_block(ctx, network, rows, stop_signal, [&](const OutputBlock& block) { sums.add(block); });
  const MetricNumbers numbers = sums.read();
  const Measured measured{numbers, spec, targets, sums_of(numbers.confusion)};
  Metrics metrics;
  for (const Metric& metric : kMetrics) {
    if (!metric.applies(spec)) continue;
    if (const Value value = metric.value(measured)) metrics.values.emplace_back(metric.name, *value);
  }
  if (classifies(spec)) {
    metrics.classes = spec.schema.classes;
    metrics.confusion = numbers.confusion;
  }
  return metrics;
}

Metrics evaluate(const Model& model, const Dataset& data, const std::vector<std::int64_t>* rows,
                 const std::atomic<int>* stop_signal) {
  const Context& ctx = model.context();
  const DeviceDataset placed(ctx, data);
  return evaluate_rows(ctx, model.network(), PlacedRows(ctx, placed, rows), stop_signal);
}

}  // namespace thalweg
