#include "thalweg/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "host/model/inference.hpp"

namespace thalweg {
namespace {

/// What the metrics are made of: one entry per evaluated row.
struct Scored {
  std::int64_t outputs = 1;
  std::vector<float> scores;  ///< [rows, outputs]
  std::vector<float> losses;
  std::vector<double> target, weight;
  double total_weight = 0;
};

Scored score(const Context& ctx, const Model& model, const Dataset& data,
             const std::vector<std::int64_t>* rows, const std::atomic<int>* stop_signal) {
  Inference inference = infer(ctx, model.network(), data, rows, stop_signal);
  Scored s{.outputs = model.spec().outputs,
           .scores = std::move(inference.outputs),
           .losses = std::move(inference.losses)};
  for (std::int64_t n = 0; n < inference.rows; ++n) {
    const auto row = static_cast<std::size_t>(rows != nullptr ? (*rows)[static_cast<std::size_t>(n)] : n);
    s.target.push_back(data.target[row]);
    s.weight.push_back(data.weight.empty() ? 1.0 : data.weight[row]);
    s.total_weight += s.weight.back();
  }
  return s;
}

double mean_loss(const Scored& s) {
  return std::accumulate(s.losses.begin(), s.losses.end(), 0.0) / s.total_weight;
}

/// Area under the ROC curve by ranks; ties count half (Fawcett 2006).
double area_under_curve(const Scored& s) {
  std::vector<std::size_t> order(s.target.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return s.scores[a] < s.scores[b]; });
  double negatives = 0, positives = 0, pairs = 0;
  for (std::size_t i = 0; i < order.size();) {
    double tied_negatives = 0, tied_positives = 0;
    const float score = s.scores[order[i]];
    for (; i < order.size() && s.scores[order[i]] == score; ++i) {
      (s.target[order[i]] > 0.5 ? tied_positives : tied_negatives) += s.weight[order[i]];
    }
    pairs += tied_positives * (negatives + tied_negatives / 2);
    negatives += tied_negatives;
    positives += tied_positives;
  }
  return pairs / (negatives * positives);
}

/// Minus the logarithm of the probability of the true class, without label smoothing.
double negative_log_probability(const float* z, std::int64_t outputs, double target) {
  if (outputs == 1) {
    const double margin = target > 0.5 ? z[0] : -static_cast<double>(z[0]);
    return margin > 0 ? std::log1p(std::exp(-margin)) : std::log1p(std::exp(margin)) - margin;
  }
  const double largest = *std::max_element(z, z + outputs);
  double sum = 0;
  for (std::int64_t k = 0; k < outputs; ++k) sum += std::exp(z[k] - largest);
  return std::log(sum) + largest - z[static_cast<std::int64_t>(target)];
}

double log_loss(const Scored& s) {
  double sum = 0;
  for (std::size_t n = 0; n < s.target.size(); ++n) {
    const float* z = s.scores.data() + n * static_cast<std::size_t>(s.outputs);
    sum += s.weight[n] * negative_log_probability(z, s.outputs, s.target[n]);
  }
  return sum / s.total_weight;
}

void add_confusion(const Scored& s, std::size_t classes, Metrics& metrics) {
  metrics.confusion.assign(classes, std::vector<double>(classes, 0.0));
  for (std::size_t n = 0; n < s.target.size(); ++n) {
    const float* z = s.scores.data() + n * static_cast<std::size_t>(s.outputs);
    const std::int64_t predicted = predicted_class(z, s.outputs);
    metrics.confusion[static_cast<std::size_t>(s.target[n])][static_cast<std::size_t>(predicted)] +=
        s.weight[n];
  }
}

void add_classification(const Scored& s, const ModelSpec& spec, Metrics& metrics) {
  const std::size_t classes = std::max<std::size_t>(spec.schema.classes.size(), 2);
  metrics.classes = spec.schema.classes;
  add_confusion(s, classes, metrics);
  double right = 0, recall_sum = 0;
  int present = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    const double of_class = std::accumulate(metrics.confusion[c].begin(), metrics.confusion[c].end(), 0.0);
    right += metrics.confusion[c][c];
    if (of_class > 0) {
      recall_sum += metrics.confusion[c][c] / of_class;
      ++present;
    }
  }
  metrics.values.emplace_back("accuracy", right / s.total_weight);
  metrics.values.emplace_back("balanced_accuracy", recall_sum / present);
  if (spec.config.loss == "logistic" || spec.config.loss == "softmax_cross_entropy") {
    metrics.values.emplace_back("log_loss", log_loss(s));
  }
  if (s.outputs == 1 && present == 2) metrics.values.emplace_back("auc", area_under_curve(s));
}

void add_regression(const Scored& s, const ModelSpec& spec, Metrics& metrics) {
  const bool rate = spec.config.loss == "poisson";
  const double unit = spec.schema.target_transform.deviation;
  double mean = 0;
  for (std::size_t n = 0; n < s.target.size(); ++n) mean += s.weight[n] * s.target[n] / s.total_weight;
  double squared = 0, absolute = 0, variance = 0;
  for (std::size_t n = 0; n < s.target.size(); ++n) {
    const double prediction = rate ? std::exp(static_cast<double>(s.scores[n])) : s.scores[n];
    const double residual = prediction - s.target[n];
    squared += s.weight[n] * residual * residual;
    absolute += s.weight[n] * std::abs(residual);
    variance += s.weight[n] * (s.target[n] - mean) * (s.target[n] - mean);
  }
  metrics.values.emplace_back("r2", 1.0 - squared / variance);
  metrics.values.emplace_back("rmse", unit * std::sqrt(squared / s.total_weight));
  metrics.values.emplace_back("mae", unit * absolute / s.total_weight);
}

}  // namespace

double Metrics::operator[](const std::string& name) const {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Metrics evaluate(const Context& ctx, const Model& model, const Dataset& data,
                 const std::vector<std::int64_t>* rows, const std::atomic<int>* stop_signal) {
  const Scored s = score(ctx, model, data, rows, stop_signal);
  Metrics metrics;
  metrics.values.emplace_back("loss", mean_loss(s));
  if (is_classification_loss(model.spec().config.loss)) {
    add_classification(s, model.spec(), metrics);
  } else {
    add_regression(s, model.spec(), metrics);
  }
  return metrics;
}

}  // namespace thalweg
