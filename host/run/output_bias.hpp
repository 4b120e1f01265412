#pragma once
#include <cstdint>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// The outputs of the best constant model on `rows`, by their weights: the mean, the logarithm of the mean
/// rate, the log-odds, the logarithms of the classes' shares. Empty: the loss has none that is worth a start.
std::vector<float> constant_outputs(const Dataset& data, const std::vector<std::int64_t>& rows,
                                    const ModelSpec& spec);

/// Puts the bias of a fresh model's last layer there, where model.bias_init lets it.
void start_output_bias(const Config& config, const Dataset& data, const std::vector<std::int64_t>& rows,
                       Model& model);

}  // namespace thalweg
