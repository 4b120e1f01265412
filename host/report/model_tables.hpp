#pragma once
// What a page shows of a model itself.
#include <string>
#include <vector>

#include "thalweg/model.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg::report {

/// One of the largest weights of a model, by what one deviation of its input brings.
struct LargeWeight {
  std::string name;
  RawWeight weight;
};
/// Of all outputs, the largest first, without intercepts; at most `most`. Of a linear model.
std::vector<LargeWeight> largest_weights(const Model& model, std::size_t most);

/// The norm of the weights from each input into the first layer, the largest first.
std::vector<RawWeight> input_norms(const Model& model);

/// Bars of the largest weights of a linear model, or of the norms by input of a network. `errors`:
/// ReportOptions::weights.
std::string weight_chart(const Model& model, const std::vector<RawWeight>& errors);
/// All weights of a linear model with one output, up to a few hundred; the tensors of any model.
std::string weight_tables(const Model& model, const std::vector<RawWeight>& errors);
/// Mean and deviation of the features, as the model undoes them; empty where nothing was standardised.
std::string scale_table(const DataSchema& schema);

}  // namespace thalweg::report
