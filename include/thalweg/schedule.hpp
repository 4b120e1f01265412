#pragma once
// Learning-rate schedules: pure functions of the step.
#include <cstdint>

#include "thalweg/config.hpp"

namespace thalweg {

/// Steps are counted from 0. total_steps and steps_per_epoch resolve the defaults that depend on the run's
/// length.
struct ScheduleContext {
  std::int64_t total_steps = 1;
  std::int64_t steps_per_epoch = 1;
};

/// The factor times base_lr; the plateau schedule's own factor is kept by PlateauState and multiplies this.
double scheduled_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                    std::int64_t step);

/// The plateau schedule: after `patience` epochs without a relative improvement of `threshold` the rate is
/// multiplied by gamma. Part of the checkpoint.
struct PlateauState {
  double factor = 1.0;
  double best = 0.0;
  std::int64_t bad_epochs = 0;
  bool started = false;
};
/// `metric` is one where less is better.
void plateau_epoch_end(const ScheduleConfig& schedule, double metric, PlateauState& state);

}  // namespace thalweg
