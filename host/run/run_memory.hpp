#pragma once
// The memory of a GPU that a run will take, found before the run takes any.
#include <cstdint>

#include "host/run/run_data.hpp"
#include "host/step/memory_plan.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// All that a run places on the device of the context.
struct RunToPlan {
  const Context& ctx;
  const ModelSpec& spec;
  const RunData& data;
  const LearnerOptions& options;  ///< with batches
};

/// The plan of a run on a GPU, to the byte: its model, a step and its evaluations are carried out with memory
/// that is only counted, while the kernels are recorded and not run. What the driver itself takes, as its
/// rounding of sizes, is not known.
MemoryPlan plan_run(const RunToPlan& run);

/// Throws InternalError when the plan does not fit into `free_bytes`. It names the plan's parts, and a
/// setting with which the run would fit.
void require_room(const RunToPlan& run, const MemoryPlan& plan, std::int64_t free_bytes);

}  // namespace thalweg
