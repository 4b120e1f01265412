#pragma once
#include "thalweg/schedule.hpp"

namespace thalweg {

/// As scheduled_lr, of settings that a config's check has been over: a run asks in every step.
double checked_schedule_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                           std::int64_t step);

}  // namespace thalweg
