#pragma once
// The memory that a run will hold on the backend, reported before anything is allocated.
#include <cstdint>
#include <string>

#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Bytes of each part. Scratch memory of single ops and the index of a sparse batch come on top.
struct MemoryPlan {
  std::int64_t parameters = 0;   ///< parameters and running statistics
  std::int64_t gradients = 0;    ///< gradients and the partial sums of micro-batches
  std::int64_t states = 0;       ///< states of the optimizer, and an average
  std::int64_t activations = 0;  ///< activations of one micro-batch, and their gradients
  std::int64_t data = 0;

  std::int64_t total() const { return parameters + gradients + states + activations + data; }
};

MemoryPlan plan_memory(const ModelSpec& spec, const Dataset& data, const LearnerOptions& options);

/// "memory: 1.2 GiB: parameters 12.3 MiB, ..."
std::string describe(const MemoryPlan& plan);

/// Throws InternalError naming the plan's parts when they do not fit into `free_bytes`; -1: not known.
void require_fits(const MemoryPlan& plan, std::int64_t free_bytes);

}  // namespace thalweg
