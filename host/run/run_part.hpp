#pragma once
// What a training run does besides its steps: each concern is a part, and no part knows another.
#include <cstdint>
#include <functional>
#include <string>

#include "host/step/step_rows.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

/// A step that was taken.
struct StepReport {
  const StepRows& rows;
  const StepResult& result;
  std::int64_t step;                   ///< steps taken with this one
  std::function<Progress()> progress;  ///< costs a clock and a schedule: few parts want it, and few steps
};

/// A run calls its parts in the order in which it lists them (make_run_parts).
class RunPart {
 public:
  RunPart() = default;
  virtual ~RunPart() = default;
  RunPart(const RunPart&) = delete;
  RunPart& operator=(const RunPart&) = delete;

  virtual void after_step(const StepReport&) {}
  /// Parts may add to `values`; those after them see it.
  virtual void epoch_end(EpochReport&) {}
  virtual void finish(TrainReport&) {}
  /// Instead of finish, where the run ends after `step` because loss or gradient is not finite.
  virtual void diverged(std::int64_t /*step*/, const std::string& /*why*/) {}
};

}  // namespace thalweg
