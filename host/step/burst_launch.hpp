#pragma once
// The steps of a burst as one launch: their inputs wait on the host, and go to the backend in one copy.
#include <memory>

#include "host/step/burst.hpp"
#include "host/step/optimizer.hpp"
#include "host/step/staged_inputs.hpp"
#include "host/step/step_program.hpp"
#include "kernels/linear_step/linear_burst.hpp"

namespace thalweg {

class BurstLaunch {
 public:
  /// All of `burst` but the steps.
  BurstLaunch(const Context& ctx, const LinearBurst& burst, std::int64_t limit);

  /// Queues the next step.
  void add(const StepInputs& inputs, const StepRows& rows);
  /// Launches the steps that were added since the last launch; nothing if there are none.
  void run();
  /// When the backend has done what was launched: the next burst begins.
  void clear() { added_ = launched_ = listed_ = 0; }

 private:
  BurstStepInputs* step_inputs() const { return reinterpret_cast<BurstStepInputs*>(staging_.data()); }
  std::int64_t* ids() const { return reinterpret_cast<std::int64_t*>(staging_.data() + ids_at_); }
  void upload();

  const Context& ctx_;
  LinearBurst burst_;
  std::int64_t ids_at_;  ///< bytes before the ids, which follow the inputs of all steps
  StagingBuffer staging_;
  Buffer<unsigned char> device_;
  std::int64_t added_ = 0, launched_ = 0;  ///< steps
  std::int64_t listed_ = 0;                ///< ids
};

/// The launch that a learner's steps take; null: each of its steps runs by itself. `order_rows`: as
/// OrderArgs::rows.
std::unique_ptr<BurstLaunch> make_burst_launch(const StepParts& parts, const LearnerOptions& options,
                                               Optimizer& optimizer, const Burst& burst,
                                               const std::int64_t* order_rows);

}  // namespace thalweg
