#include <algorithm>
#include <cmath>

#include "host/data/finite.hpp"
#include "host/data/validate_data.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/inference.hpp"
#include "host/model/probabilities.hpp"
#include "kernels/metrics/metrics_math.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

/// Both classes' probabilities from the score of class 1.
std::vector<float> logistic_probabilities(const std::vector<float>& scores) {
  std::vector<float> both;
  both.reserve(scores.size() * 2);
  for (const float z : scores) {
    both.push_back(static_cast<float>(logistic(-double{z})));
    both.push_back(static_cast<float>(logistic(z)));
  }
  return both;
}

std::vector<std::int64_t> classes_of(const std::vector<float>& scores, std::int64_t outputs) {
  std::vector<std::int64_t> classes;
  for (std::size_t row = 0; row < scores.size(); row += static_cast<std::size_t>(outputs)) {
    const float* z = scores.data() + row;
    classes.push_back(predicted_class(z, outputs));
  }
  return classes;
}

/// The outputs of data that are checked first. Without hidden layers the outputs show a feature that is not
/// finite: the features are then not read twice.
std::vector<float> checked_outputs(const Model& model, const Dataset& data) {
  const int threads = model.context().threads();
  const bool shows = model.spec().config.hidden.empty();
  const auto check_features = [&] { require_finite_features(data, MissingValues::refused, threads); };
  validate_but_features(data, threads);
  require_inputs(model.spec(), data);
  if (!shows) check_features();
  std::vector<float> outputs = infer(model.context(), model.network(), data);
  // mutant: outputs-show
  if (shows && !all_finite(outputs.data(), std::ssize(outputs))) check_features();
  return outputs;
}

}  // namespace

Predictions Model::predict(const Dataset& data) const {
  std::vector<float> outputs = checked_outputs(*this, data);
  const LossTraits loss = traits_of(spec().config.loss);
  Predictions predictions{.rows = data.rows, .columns = spec().outputs};
  if (loss.classification) predictions.predicted_class = classes_of(outputs, spec().outputs);
  if (loss.probabilities && spec().outputs > 1) {
    for (std::int64_t n = 0; n < data.rows; ++n) {
      float* const row = outputs.data() + n * spec().outputs;
      softmax(row, spec().outputs, row);
    }
  } else if (loss.probabilities) {
    outputs = logistic_probabilities(outputs);
    predictions.columns = 2;
  }
  if (loss.rates) {
    for (float& z : outputs) z = std::exp(z);
  }
  const TargetTransform& target = spec().schema.target_transform;
  if (!loss.classification) {
    for (float& z : outputs) {
      const double value = z * target.deviation + target.mean;
      if (target.offset != 0) predictions.exact_values.push_back(value);
      z = static_cast<float>(value);
    }
  }
  predictions.values = std::move(outputs);
  return predictions;
}

}  // namespace thalweg
