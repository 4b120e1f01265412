#pragma once
// Learning-rate schedules: pure functions of the step.
// Example: schedule_example in examples/tour.cpp.
#include <cstdint>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"

namespace thalweg {

/// The length of a run, which resolves the defaults that depend on it.
struct ScheduleContext {
  std::int64_t total_steps = 1;      ///< optimizer steps of the whole run
  std::int64_t steps_per_epoch = 1;  ///< batches of an epoch
};

/// Returns the rate of step `step`, counted from 0, by PyTorch's formulae. During the first warmup_steps the
/// rate rises linearly, from warmup_start times the schedule's first rate. The schedule itself begins after
/// them and spans the rest of the run. one_cycle uses base_lr as its peak; plateau is constant here (see
/// plateau_lr). Throws ConfigError for a setting out of range, a negative step or rate.
THALWEG_API double scheduled_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                                std::int64_t step);

/// The state of the plateau schedule, a part of the checkpoint. After more than `patience` epochs in a row
/// without a relative improvement of `threshold`, the rate is multiplied by gamma.
struct PlateauState {
  double factor = 1.0;          ///< of the scheduled rate
  double best = 0.0;            ///< smallest metric so far
  std::int64_t bad_epochs = 0;  ///< in a row, without an improvement
  bool started = false;         ///< whether `best` holds a metric
};
/// Updates the state at the end of an epoch; a smaller `metric` is better.
THALWEG_API void plateau_epoch_end(const ScheduleConfig& schedule, double metric, PlateauState& state);
/// Returns the scheduled rate times the plateau's factor, but at least min_lr.
THALWEG_API double plateau_lr(const ScheduleConfig& schedule, double scheduled, const PlateauState& state);

}  // namespace thalweg
