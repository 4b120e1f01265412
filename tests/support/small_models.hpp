#pragma once
// Data sets and models of a few numbers, so that a test can work out by hand what comes of them.
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/thalweg.hpp"

namespace thalweg::test {

/// Dense rows of `features` inputs each, with numbers as targets.
inline Dataset number_data(std::int64_t features, std::vector<float> x, std::vector<float> target) {
  Dataset data;
  data.rows = std::ssize(x) / features, data.features = features, data.source = "rows by hand";
  data.dense_f32 = std::move(x), data.target = std::move(target);
  return data;
}

/// The same with classes "0", "1", ... as targets.
inline Dataset class_data(std::int64_t features, std::vector<float> x, std::vector<float> target,
                          int classes) {
  Dataset data = number_data(features, std::move(x), std::move(target));
  data.target_kind = TargetKind::classes;
  for (int c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
  return data;
}

/// A model with these parameters, in the order of Model::parameters.
inline Model model_with(const Context& ctx, const ModelConfig& config, const Dataset& data,
                        const std::vector<std::vector<float>>& parameters) {
  Model model(ctx, resolve_model(config, schema_of(data), 1));
  std::vector<NamedTensor> tensors = model.parameters();
  for (std::size_t t = 0; t < tensors.size(); ++t) tensors[t].values = parameters.at(t);
  model.set_parameters(tensors);
  return model;
}

/// The rows 0 to count - 1.
inline std::vector<std::int64_t> first_rows(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

/// The values of all tensors, one behind the other.
inline std::vector<float> joined(const std::vector<NamedTensor>& tensors) {
  std::vector<float> all;
  for (const NamedTensor& tensor : tensors) all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  return all;
}

}  // namespace thalweg::test
