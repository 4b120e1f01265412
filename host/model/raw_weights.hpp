#pragma once
// How the weights of a linear model in the units of the data (raw_weights of per_sample.hpp) follow from its
// parameters.
#include <utility>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {

/// A linear function of a model's weights and bias (the last index): index and factor.
using WeightSum = std::vector<std::pair<std::size_t, double>>;

/// What the raw weight of an input is of the model's parameters; of the intercept, but for a constant.
WeightSum raw_weight_sum(const DataSchema& schema, std::size_t input);
WeightSum raw_intercept_sum(const DataSchema& schema, bool bias);

}  // namespace thalweg
