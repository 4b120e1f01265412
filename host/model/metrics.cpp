#include "thalweg/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "host/data/dataset_rows.hpp"
#include "host/model/checked_rows.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/metric_sums.hpp"
#include "host/model/model_call.hpp"
#include "host/model/objective.hpp"
#include "host/model/output_metrics.hpp"
#include "host/model/target_sums.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Targets and weights of the rows; their outputs follow block by block.
ScoredRows scored_rows(const PlacedRows& rows, const ModelSpec& spec) {
  const Dataset& data = rows.host();
  ScoredRows scored{.columns = spec.outputs};
  scored.output.reserve(static_cast<std::size_t>(rows.count() * spec.outputs));
  for (std::int64_t n = 0; n < rows.count(); ++n) {
    const std::size_t row = rows.row(n);
    scored.target.push_back(data.target[row]);
    scored.weight.push_back(weight_of(data, row));
  }
  return scored;
}

void add_outputs(const Context& ctx, const OutputBlock& block, ScoredRows& scored) {
  const auto count = static_cast<std::size_t>(block.output.rows * block.output.cols);
  const std::size_t before = scored.output.size();
  scored.output.resize(before + count);
  backend_of(ctx).memory.download(device_of(ctx), scored.output.data() + before, block.output.data,
                                  static_cast<std::int64_t>(count * sizeof(float)));
}

struct Measured {
  const MetricNumbers& numbers;
  const ModelSpec& spec;
  Targets targets;
  const ScoredRows* rows;  ///< null: the scope is sums
  std::vector<ClassCounts> classes = class_counts(numbers.confusion);
  std::optional<Ranking> ranking = {};

  double unit() const { return spec.schema.target_transform.deviation; }
  /// The class that two-class metrics are of.
  const ClassCounts& positive() const { return classes[1]; }
};

std::size_t classes_of(const ModelSpec& spec) { return std::max<std::size_t>(2, spec.schema.classes.size()); }
bool always(const ModelSpec&) { return true; }
bool never(const ModelSpec&) { return false; }
bool classifies(const ModelSpec& spec) { return traits_of(spec.config.loss).classification; }
bool regresses(const ModelSpec& spec) { return !classifies(spec); }
bool standardizes(const ModelSpec& spec) { return loss_unit(spec).has_value(); }
bool has_two_classes(const ModelSpec& spec) { return classifies(spec) && classes_of(spec) == 2; }
bool has_more_classes(const ModelSpec& spec) { return classifies(spec) && classes_of(spec) > 2; }
bool has_probabilities(const ModelSpec& spec) { return traits_of(spec.config.loss).probabilities; }
bool ranks(const ModelSpec& spec) {
  return classifies(spec) && (spec.outputs == 1 || has_probabilities(spec));
}
bool ranks_by_outputs(const ModelSpec& spec) { return ranks(spec) && spec.outputs > 1; }
template <int K>
bool has_more_than(const ModelSpec& spec) {
  return classifies(spec) && spec.outputs > K;
}

MetricValue auc(const Measured& m) {
  if (m.ranking && m.spec.outputs > 1) return m.ranking->auc;
  if (present(m.classes) != 2) return MetricValue::none("the rows hold one class");
  return m.numbers.pairs / (m.classes[0].rows * m.classes[1].rows);
}

/// Of targets that are all the same: 1 where each is met, else 0.
MetricValue r2(const Measured& m) {
  if (m.targets.rows < 2) return MetricValue::none("it needs two rows");
  if (m.targets.constant()) return m.numbers.squared == 0 ? 1.0 : 0.0;
  return 1.0 - m.numbers.squared / m.targets.squared_deviation;
}

struct Metric {
  std::string_view name;
  bool larger_is_better;
  bool (*applies)(const ModelSpec&);
  MetricValue (*value)(const Measured&);
  bool (*needs_outputs)(const ModelSpec&) = never;
};

template <double (ClassCounts::*score)() const>
MetricValue of_positive(const Measured& m) {
  return (m.positive().*score)();
}
template <double (ClassCounts::*score)() const>
MetricValue macro_mean(const Measured& m) {
  return macro(m.classes, score);
}
template <int K>
MetricValue top_k(const Measured& m) {
  return top_k_accuracy(*m.rows, K);
}

constexpr Metric kMetrics[] = {
    {"loss", false, always,
     [](const Measured& m) -> MetricValue { return m.numbers.loss / m.targets.weight; }},
    {"loss_in_target_unit", false, standardizes,
     [](const Measured& m) -> MetricValue { return *loss_unit(m.spec) * m.numbers.loss / m.targets.weight; }},
    {"accuracy", true, classifies,
     [](const Measured& m) -> MetricValue { return right_weight(m.classes) / m.targets.weight; }},
    {"balanced_accuracy", true, classifies,
     [](const Measured& m) -> MetricValue { return balanced_accuracy(m.classes); }},
    {"precision", true, has_two_classes, of_positive<&ClassCounts::precision>},
    {"recall", true, has_two_classes, of_positive<&ClassCounts::recall>},
    {"f1", true, has_two_classes, of_positive<&ClassCounts::f1>},
    {"precision_macro", true, has_more_classes, macro_mean<&ClassCounts::precision>},
    {"recall_macro", true, has_more_classes, macro_mean<&ClassCounts::recall>},
    {"f1_macro", true, has_more_classes, macro_mean<&ClassCounts::f1>},
    {"f1_weighted", true, has_more_classes,
     [](const Measured& m) -> MetricValue { return by_support(m.classes, &ClassCounts::f1); }},
    {"top_3_accuracy", true, has_more_than<3>, top_k<3>, always},
    {"top_5_accuracy", true, has_more_than<5>, top_k<5>, always},
    {"log_loss", false, has_probabilities,
     [](const Measured& m) -> MetricValue { return m.numbers.log_loss / m.targets.weight; }},
    {"auc", true, ranks, auc, ranks_by_outputs},
    {"average_precision", true, ranks,
     [](const Measured& m) -> MetricValue { return m.ranking->average_precision; }, always},
    {"r2", true, regresses, r2},
    {"rmse", false, regresses,
     [](const Measured& m) -> MetricValue {
       return m.unit() * std::sqrt(m.numbers.squared / m.targets.weight);
     }},
    {"mae", false, regresses,
     // mutant: mae-unit
     [](const Measured& m) -> MetricValue { return m.unit() * m.numbers.absolute / m.targets.weight; }},
    {"mape", false, regresses,
     [](const Measured& m) -> MetricValue { return absolute_percentage_error(m.spec, *m.rows); }, always},
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

bool needs_outputs(const ModelSpec& spec, const std::string& name) {
  return std::any_of(std::begin(kMetrics), std::end(kMetrics),
                     [&](const Metric& metric) { return metric.name == name && metric.needs_outputs(spec); });
}

namespace {

/// Outputs that the host keeps and ranks in seconds.
constexpr std::int64_t kMostOutputs = std::int64_t{1} << 25;
constexpr const char* kTooManyOutputs = "rows times outputs are more than 2^25; choose fewer rows";

Metrics metrics_of(const Measured& measured, MetricScope scope) {
  Metrics metrics;
  for (const Metric& metric : kMetrics) {
    if (!metric.applies(measured.spec)) continue;
    const bool lacks_outputs = measured.rows == nullptr && metric.needs_outputs(measured.spec);
    if (lacks_outputs && scope == MetricScope::sums) continue;
    const MetricValue value = lacks_outputs ? MetricValue::none(kTooManyOutputs) : metric.value(measured);
    if (value.undefined.empty()) {
      metrics.values.emplace_back(metric.name, value.value);
    } else {
      metrics.undefined.emplace_back(metric.name, value.undefined);
    }
  }
  if (classifies(measured.spec)) {
    metrics.classes = measured.spec.schema.classes;
    metrics.confusion = measured.numbers.confusion;
  }
  return metrics;
}

}  // namespace

void require_threshold(const ModelSpec& spec, double threshold) {
  if (!has_two_classes(spec) || !has_probabilities(spec))
    throw ConfigError("a threshold needs a model with probabilities of two classes; this one has the loss " +
                      std::string(name_of(spec.config.loss)) +
                      (classifies(spec) ? " and " + std::to_string(classes_of(spec)) + " classes" : ""));
  if (!(threshold >= 0 && threshold <= 1))
    throw ConfigError("the threshold is " + std::to_string(threshold) + "; expected 0 <= threshold <= 1");
}

Metrics evaluate_rows(const Context& ctx, Network& network, const PlacedRows& rows,
                      const EvaluationOptions& options) {
  const ModelSpec& spec = network.spec();
  if (options.threshold) require_threshold(spec, *options.threshold);
  const Targets targets = targets_of(rows);
  MetricSums sums(ctx, spec, network.objective(), rows, targets.weight);
  std::optional<ScoredRows> scored;
  const bool few = rows.count() <= kMostOutputs / spec.outputs;
  if (options.threshold || (few && options.scope == MetricScope::all)) scored = scored_rows(rows, spec);
  for_each_block(ctx, network, rows, options.stop_signal, [&](const OutputBlock& block) {
    sums.add(block);
    if (scored) add_outputs(ctx, block, *scored);
  });
  MetricNumbers numbers = sums.read();
  if (options.threshold) numbers.confusion = confusion_at(*options.threshold, *scored);
  Measured measured{numbers, spec, targets, scored ? &*scored : nullptr};
  if (scored && ranks(spec)) measured.ranking = ranking_of(spec, *scored);
  return metrics_of(measured, options.scope);
}

Metrics evaluate(const Model& model, const Dataset& data, const std::vector<std::int64_t>* rows,
                 const std::atomic<int>* stop_signal, std::optional<double> threshold) {
  const ReadingCall call(model, "evaluate");
  const Context& ctx = model.context();
  if (rows != nullptr) require_some_row_ids(data, *rows);
  const CheckedRows fitted(model, data, rows);
  const DeviceDataset placed(ctx, fitted.data());
  return evaluate_rows(ctx, model.network(), PlacedRows(ctx, placed, fitted.rows()),
                       {.stop_signal = stop_signal, .threshold = threshold});
}

}  // namespace thalweg
