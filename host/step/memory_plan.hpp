#pragma once
// What a run will hold in the backend's memory, told before anything is allocated.
#include <cstdint>
#include <string>

#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Bytes of each part. Scratch memory of single ops and the index of a sparse batch come on top.
struct MemoryPlan {
  std::int64_t parameters = 0;   ///< with running statistics
  std::int64_t gradients = 0;    ///< with the partial sums of micro-batches
  std::int64_t states = 0;       ///< of the optimizer, with an average
  std::int64_t activations = 0;  ///< of one micro-batch, with their gradients
  std::int64_t data = 0;

  std::int64_t total() const { return parameters + gradients + states + activations + data; }
};

MemoryPlan plan_memory(const ModelSpec& spec, const Dataset& data, const LearnerOptions& options);

/// "memory: 1.2 GiB: parameters 12.3 MiB, ..."
std::string describe(const MemoryPlan& plan);

/// Throws InternalError naming the plan's parts when they do not fit into `free_bytes`; -1: not known.
void require_fits(const MemoryPlan& plan, std::int64_t free_bytes);

}  // namespace thalweg
