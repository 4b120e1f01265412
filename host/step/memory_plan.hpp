#pragma once
// The memory that a run will hold on the backend, reported before anything is allocated.
#include <cstdint>
#include <string>

#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Bytes of each part.
struct MemoryPlan {
  std::int64_t parameters = 0;   ///< parameters and running statistics
  std::int64_t gradients = 0;    ///< gradients, and those of parts that wait
  std::int64_t states = 0;       ///< states of the optimizer, and an average
  std::int64_t activations = 0;  ///< activations of one micro-batch, and their gradients
  std::int64_t data = 0;
  /// The rest: scratch memory of the ops, inputs and records of a burst, the index of a sparse batch, an
  /// evaluation. A trial of the run finds it (host/run/run_memory.hpp); plan_memory leaves it at 0.
  std::int64_t working = 0;

  std::int64_t total() const { return parameters + gradients + states + activations + data + working; }
};

MemoryPlan plan_memory(const ModelSpec& spec, const Dataset& data, const LearnerOptions& options);

/// Bytes of a data set that a GPU holds; without features that stay in a store.
std::int64_t held_bytes(const Dataset& data);

/// "memory: 1.2 GiB: parameters 12.3 MiB, ..."
std::string describe(const MemoryPlan& plan);

/// "12.3 MiB"
std::string size_text(std::int64_t bytes);

}  // namespace thalweg
