#include "host/model/output_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/model/probabilities.hpp"

namespace thalweg {
namespace {

struct Ranked {
  double score, weight;
  bool positive;
};

/// Areas under the curves of one class against the rest.
struct Curves {
  double auc, average_precision;
};

/// Calls body(positive, negative) for each group of equal scores, from the largest down, with its weights.
template <class Body>
void for_each_tie(std::vector<Ranked>& rows, const Body& body) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  for (std::size_t i = 0; i < rows.size();) {
    double positive = 0, negative = 0;
    for (const double score = rows[i].score; i < rows.size() && rows[i].score == score; ++i)
      (rows[i].positive ? positive : negative) += rows[i].weight;
    body(positive, negative);
  }
}

Curves curves_of(std::vector<Ranked>& rows) {
  double positives = 0, negatives = 0, pairs = 0, precisions = 0;
  for_each_tie(rows, [&](double positive, double negative) {
    pairs += negative * (positives + positive / 2);  // mutant: ties-of-host
    positives += positive;
    negatives += negative;
    if (positive > 0) precisions += positive * (positives / (positives + negatives));
  });
  return {pairs / (positives * negatives), precisions / positives};
}

/// A NaN would break the order: it ranks above every number.
double rank_of(double score) { return std::isnan(score) ? std::numeric_limits<double>::infinity() : score; }

/// Scores of the rows for one class: its output where it is the only one, else its probability.
class ClassScores {
 public:
  explicit ClassScores(const ScoredRows& rows) : rows_(rows) {
    if (rows.columns == 1) return;
    probabilities_.resize(rows.output.size());
    for (std::size_t n = 0; n < rows.rows(); ++n)
      softmax(rows.row(n), rows.columns, probabilities_.data() + n * columns());
  }

  Curves curves(std::size_t index) const {
    std::vector<Ranked> ranked(rows_.rows());
    for (std::size_t n = 0; n < ranked.size(); ++n) {
      const double score = columns() == 1 ? double{rows_.output[n]} : probabilities_[n * columns() + index];
      ranked[n] = {rank_of(score), rows_.weight[n], rows_.target[n] == static_cast<float>(index)};
    }
    return curves_of(ranked);
  }

 private:
  std::size_t columns() const { return static_cast<std::size_t>(rows_.columns); }

  const ScoredRows& rows_;
  std::vector<double> probabilities_;  ///< in double: probabilities next to 1 do not tie
};

std::vector<double> weight_of_classes(const ModelSpec& spec, const ScoredRows& rows) {
  std::vector<double> weight(std::max<std::size_t>(2, spec.schema.classes.size()));
  for (std::size_t n = 0; n < rows.rows(); ++n)
    weight[static_cast<std::size_t>(rows.target[n])] += rows.weight[n];
  return weight;
}

/// Why the rows cannot be ranked; empty where they can.
std::string no_ranking(const ModelSpec& spec, const std::vector<double>& weight) {
  const auto empty = std::find_if(weight.begin(), weight.end(), [](double w) { return w <= 0; });
  if (empty == weight.end()) return "";
  const auto index = static_cast<std::size_t>(empty - weight.begin());
  return fmt::format("no row is of class {}",
                     index < spec.schema.classes.size() ? spec.schema.classes[index] : std::to_string(index));
}

}  // namespace

Ranking ranking_of(const ModelSpec& spec, const ScoredRows& rows) {
  const std::vector<double> weight = weight_of_classes(spec, rows);
  if (const std::string why = no_ranking(spec, weight); !why.empty())
    return {MetricValue::none(why), MetricValue::none(why)};
  const ClassScores scores(rows);
  if (weight.size() == 2) {
    const Curves curves = scores.curves(1);
    return {curves.auc, curves.average_precision};
  }
  double auc = 0, average_precision = 0;
  for (std::size_t c = 0; c < weight.size(); ++c) {
    const Curves curves = scores.curves(c);
    auc += curves.auc / static_cast<double>(weight.size());
    average_precision += curves.average_precision / static_cast<double>(weight.size());
  }
  return {auc, average_precision};
}

double top_k_accuracy(const ScoredRows& rows, std::int64_t k) {
  double right = 0, all = 0;
  for (std::size_t n = 0; n < rows.rows(); ++n) {
    const float* z = rows.row(n);
    const auto target = static_cast<std::int64_t>(rows.target[n]);
    std::int64_t before = 0;
    for (std::int64_t c = 0; c < rows.columns; ++c)
      before += z[c] > z[target] || (z[c] == z[target] && c > target);  // mutant: last-of-ties-first
    all += rows.weight[n];
    if (before < k) right += rows.weight[n];
  }
  return right / all;
}

MetricValue absolute_percentage_error(const ModelSpec& spec, const ScoredRows& rows) {
  const TargetTransform& unit = spec.schema.target_transform;
  const bool rates = traits_of(spec.config.loss).rates;
  // A standardised target of 0 comes back as the rounding of the mean.
  const double zero = std::ldexp(std::abs(unit.mean), -22);
  double sum = 0, all = 0;
  for (std::size_t n = 0; n < rows.rows(); ++n) {
    if (rows.weight[n] <= 0) continue;
    const double target = rows.target[n] * unit.deviation + unit.mean;
    if (std::abs(target) <= zero) return MetricValue::none("a target is 0");
    const double z = rows.output[n];
    const double prediction = (rates ? std::exp(z) : z) * unit.deviation + unit.mean;
    sum += rows.weight[n] * std::abs(prediction - target) / std::abs(target);
    all += rows.weight[n];
  }
  return sum / all;
}

Confusion confusion_at(double threshold, const ScoredRows& rows) {
  Confusion confusion(2, std::vector<double>(2));
  for (std::size_t n = 0; n < rows.rows(); ++n) {
    float both[2] = {0,
                     static_cast<float>(logistic(rows.output[n * static_cast<std::size_t>(rows.columns)]))};
    if (rows.columns == 2) softmax(rows.row(n), 2, both);
    confusion[static_cast<std::size_t>(rows.target[n])]
             [static_cast<std::size_t>(class_at(threshold, both[1]))] += rows.weight[n];
  }
  return confusion;
}

}  // namespace thalweg
