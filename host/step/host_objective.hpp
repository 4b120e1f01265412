#pragma once
// The call of an objective that the host evaluates.
#include <cstdint>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// An objective that the host evaluates, and what it is told of the batch.
struct HostObjective {
  const ObjectiveFunction& function;
  const std::int64_t* rows;  ///< of the whole batch
  std::int64_t batch_rows;
  float scale;
};

/// What an objective wrote: the losses [rows] and the gradient by the outputs [rows, outputs].
struct ObjectiveResult {
  std::vector<float> losses, gradient;
};

/// Throws UsageError for an empty std::function.
void require_objective(const ObjectiveFunction& objective);

/// Calls the objective for the rows of the batch from position `first` on, whose outputs lie in host memory.
/// Throws DivergedError, naming the row of `data`, if it leaves a loss or an element of the gradient
/// unwritten.
ObjectiveResult call_objective(const HostObjective& objective, ConstMatrix output, std::int64_t first,
                               float scale, const Dataset& data);

/// Adds what an objective wrote of the rows that follow.
void append(ObjectiveResult& to, const ObjectiveResult& more);
/// Gives what an objective wrote of a whole batch again, for calls that have any rows of it. `result`
/// outlives the function.
ObjectiveFunction replayed(const ObjectiveResult& result);

/// Throws DivergedError, naming the row of `data`, if an element of the gradient is not finite. `rows`: of
/// the call.
void require_finite_gradient(const ObjectiveResult& result, const std::int64_t* rows, const Dataset& data);

}  // namespace thalweg
