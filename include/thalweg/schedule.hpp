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

/// The rate of step `step`, with PyTorch's formulae. During the first warmup_steps it rises linearly, from
/// warmup_start times the schedule's first rate; the schedule itself begins after them and spans what is left
/// of the run. one_cycle takes base_lr as its peak; plateau is constant here (see plateau_lr). Throws
/// ConfigError for a setting without meaning.
double scheduled_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                    std::int64_t step);

/// The plateau schedule: when more than `patience` epochs in a row bring no relative improvement of
/// `threshold`, the rate is multiplied by gamma. Part of the checkpoint.
struct PlateauState {
  double factor = 1.0;
  double best = 0.0;
  std::int64_t bad_epochs = 0;
  bool started = false;
};
/// `metric` is one where less is better.
void plateau_epoch_end(const ScheduleConfig& schedule, double metric, PlateauState& state);
/// The scheduled rate times the plateau's factor, but not below min_lr.
double plateau_lr(const ScheduleConfig& schedule, double scheduled, const PlateauState& state);

}  // namespace thalweg
