#pragma once
// Weights of a linear model in the units of the data: standardisation of features and target undone, in
// double.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct RawWeight {
  std::string name;
  double value = 0;
  /// What one deviation of the feature, or 1 where it was not standardised, brings.
  double per_deviation = 0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none is known
};

/// A linear function of a model's weights and bias (the last index): index and factor.
using WeightSum = std::vector<std::pair<std::size_t, double>>;

/// What the raw weight of an input is of the model's parameters; of the intercept, but for a constant.
WeightSum raw_weight_sum(const DataSchema& schema, std::size_t input);
WeightSum raw_intercept_sum(const DataSchema& schema, bool bias);

/// The raw weights of an output, one for each input, then the intercept. Throws UnsupportedLayer for a model
/// with hidden layers.
std::vector<RawWeight> raw_weights(const Model& model, std::int64_t output);

/// The same for a model with one output, with standard errors: those of standard_errors (per_sample.hpp) in
/// the units of the data, with its errors.
std::vector<RawWeight> raw_standard_errors(const Model& model, const Dataset& data);

}  // namespace thalweg
