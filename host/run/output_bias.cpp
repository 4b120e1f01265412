#include "host/run/output_bias.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "host/data/dataset_rows.hpp"
#include "thalweg/choices.hpp"

namespace thalweg {
namespace {

double target_of(const Dataset& data, std::int64_t row) { return data.target[static_cast<std::size_t>(row)]; }

double mean_target(const Dataset& data, const std::vector<std::int64_t>& rows) {
  double sum = 0, weight = 0;
  for (const std::int64_t row : rows) {
    sum += weight_of(data, static_cast<std::size_t>(row)) * target_of(data, row);
    weight += weight_of(data, static_cast<std::size_t>(row));
  }
  return weight > 0 ? sum / weight : 0.0;
}

/// Weights of the classes; one that has no row counts as half a row, whose logarithm is finite.
std::vector<double> class_weights(const Dataset& data, const std::vector<std::int64_t>& rows,
                                  std::int64_t classes) {
  std::vector<double> weights(static_cast<std::size_t>(classes));
  for (const std::int64_t row : rows)
    weights[static_cast<std::size_t>(target_of(data, row))] += weight_of(data, static_cast<std::size_t>(row));
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double half_a_row = all > 0 ? all / (2.0 * static_cast<double>(rows.size())) : 1.0;
  for (double& weight : weights) weight = std::max(weight, half_a_row);
  return weights;
}

std::vector<float> log_shares(const std::vector<double>& weights) {
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<float> logits;
  for (const double weight : weights) logits.push_back(static_cast<float>(std::log(weight / all)));
  return logits;
}

}  // namespace

std::vector<float> constant_outputs(const Dataset& data, const std::vector<std::int64_t>& rows,
                                    const ModelSpec& spec) {
  if (spec.config.loss == Loss::softmax_cross_entropy)
    return log_shares(class_weights(data, rows, spec.outputs));
  if (spec.config.loss == Loss::logistic) {
    const std::vector<double> weights = class_weights(data, rows, 2);
    return {static_cast<float>(std::log(weights[1] / weights[0]))};
  }
  if (traits_of(spec.config.loss).classification) return {};
  const double mean = mean_target(data, rows);
  if (!std::isfinite(mean)) return {};
  if (!traits_of(spec.config.loss).rates) return {static_cast<float>(mean)};
  return mean > 0 ? std::vector<float>{static_cast<float>(std::log(mean))} : std::vector<float>{};
}

void start_output_bias(const Config& config, const Dataset& data, const std::vector<std::int64_t>& rows,
                       Model& model) {
  const ModelConfig& asked = config.model;
  const bool fresh = value_named<Initialisation>(asked.init).has_value();
  if (!fresh || !asked.bias || asked.bias_init == BiasInit::zero) return;
  if (config.per_sample.private_training()) return;  // shares and means would tell of the rows
  const std::vector<float> outputs = constant_outputs(data, rows, model.spec());
  if (outputs.empty()) return;
  std::vector<NamedTensor> parameters = model.parameters();
  parameters.back().values = outputs;  // weight, bias of the last layer
  model.set_parameters(parameters);
}

}  // namespace thalweg
