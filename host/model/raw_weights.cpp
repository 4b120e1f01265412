#include "host/model/raw_weights.hpp"

#include "host/model/input_names.hpp"
#include "host/model/network.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

double deviation_of_target(const DataSchema& schema) { return schema.target_transform.deviation; }

double scale_of(const DataSchema& schema, std::size_t input) {
  return schema.transform.scale.empty() ? 1.0 : double{schema.transform.scale[input]};
}

/// What an input is where the number in the data is 0: an offset comes off before the scale.
std::vector<double> inputs_at_zero(const DataSchema& schema) {
  std::vector<double> inputs(static_cast<std::size_t>(schema.features));
  for (std::size_t j = 0; j < schema.transform.shift.size(); ++j) inputs[j] = schema.transform.shift[j];
  if (schema.transform.offset.empty()) return inputs;
  const std::vector<ColumnInputs> columns = raw_columns(schema);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto j = static_cast<std::size_t>(columns[c].first);
    inputs[j] -= scale_of(schema, j) * schema.transform.offset[c];
  }
  return inputs;
}

/// Weights and bias of an output, the bias last; 0 where there is none.
std::vector<double> parameters_of(const Model& model, std::int64_t output) {
  const std::vector<NamedTensor> tensors = model.parameters();
  const auto features = static_cast<std::size_t>(model.spec().schema.features);
  const auto first = tensors[0].values.begin() + output * static_cast<std::ptrdiff_t>(features);
  std::vector<double> values(first, first + static_cast<std::ptrdiff_t>(features));
  values.push_back(tensors.size() > 1 ? double{tensors[1].values[static_cast<std::size_t>(output)]} : 0.0);
  return values;
}

double value_of(const WeightSum& sum, const std::vector<double>& parameters) {
  double value = 0;
  for (const auto& [index, factor] : sum) value += factor * parameters[index];
  return value;
}

}  // namespace

WeightSum raw_weight_sum(const DataSchema& schema, std::size_t input) {
  return {{input, deviation_of_target(schema) * scale_of(schema, input)}};
}

WeightSum raw_intercept_sum(const DataSchema& schema, bool bias) {
  const auto features = static_cast<std::size_t>(schema.features);
  const double deviation = deviation_of_target(schema);
  WeightSum sum;
  const std::vector<double> at_zero = inputs_at_zero(schema);
  for (std::size_t j = 0; j < features; ++j)
    if (at_zero[j] != 0) sum.emplace_back(j, deviation * at_zero[j]);
  if (bias) sum.emplace_back(features, deviation);
  return sum;
}

std::vector<RawWeight> raw_weights(const Model& model, std::int64_t output) {
  const ModelSpec& spec = model.spec();
  if (!spec.config.hidden.empty())
    throw UnsupportedLayer("weights in the units of the data are those of a linear model; this one has " +
                           std::to_string(spec.config.hidden.size()) +
                           " hidden layers (--importance works for any model)");
  if (output < 0 || output >= spec.outputs)
    throw ShapeError("output " + std::to_string(output) + " of raw_weights; the model has " +
                     std::to_string(spec.outputs));
  const DataSchema& schema = spec.schema;
  const std::vector<double> parameters = parameters_of(model, output);
  std::vector<RawWeight> weights;
  for (std::size_t j = 0; j + 1 < parameters.size(); ++j) {
    weights.push_back({.name = input_name(schema, j),
                       .value = value_of(raw_weight_sum(schema, j), parameters),
                       .per_deviation = deviation_of_target(schema) * parameters[j]});
  }
  const double intercept = value_of(raw_intercept_sum(schema, model.network().has_bias()), parameters) +
                           schema.target_transform.mean;
  weights.push_back({.name = "intercept", .value = intercept, .per_deviation = intercept});
  return weights;
}

}  // namespace thalweg
