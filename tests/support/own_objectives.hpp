#pragma once
// Objectives of a program's own, and data, options and a model for them.
#include <cstdint>
#include <vector>

#include "tests/support/small_models.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {

/// Half the square of output 0 less the target; the last outputs are left alone.
inline void squared(const Dataset& data, const ObjectiveCall& call) {
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    const float residual = call.output.row(n)[0] - data.target[static_cast<std::size_t>(call.rows[n])];
    call.losses[n] = 0.5f * residual * residual;
    for (std::int64_t k = 0; k < call.output.cols; ++k) call.grad_output.row(n)[k] = 0;
    call.grad_output.row(n)[0] = call.scale * residual;
  }
}

/// Half the square of the difference between a row's output and each that follows it in the batch, less the
/// difference of the targets: a loss of pairs.
inline void pairwise(const Dataset& data, const ObjectiveCall& call) {
  const auto target = [&](std::int64_t n) { return data.target[static_cast<std::size_t>(call.rows[n])]; };
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    call.losses[n] = 0;
    for (std::int64_t k = 0; k < call.output.cols; ++k) call.grad_output.row(n)[k] = 0;
  }
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    for (std::int64_t m = n + 1; m < call.output.rows; ++m) {
      const float residual = call.output.row(n)[0] - call.output.row(m)[0] - (target(n) - target(m));
      call.losses[n] += 0.5f * residual * residual;
      call.grad_output.row(n)[0] += call.scale * residual;
      call.grad_output.row(m)[0] -= call.scale * residual;
    }
  }
}

/// A linear model without bias of so many outputs, with its weight [outputs, features].
inline Model linear_outputs(const Context& ctx, const Dataset& data, std::int64_t outputs,
                            const std::vector<float>& weight) {
  ModelSpec spec = resolve_model({.loss = Loss::squared, .bias = false}, schema_of(data), 1);
  spec.outputs = outputs;
  Model model(ctx, spec);
  model.set_parameters({{"layers.0.weight", {outputs, data.features}, weight}});
  return model;
}

inline LearnerOptions learner_options(std::int64_t max_batch,
                                      OptimizerConfig optimizer = {.name = Rule::sgd}) {
  return {.optimizer = optimizer, .max_batch = max_batch};
}

/// y = 0, 3 and 6 at x = 1, 2 and 4.
inline Dataset three_points() { return number_data(1, {1, 2, 4}, {0, 3, 6}); }

}  // namespace thalweg::test
