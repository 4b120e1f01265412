// Learning-rate schedules, after PyTorch's torch.optim.lr_scheduler.
#include "thalweg/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "host/config/section_rules.hpp"
#include "host/step/checked_schedule.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The input of a schedule: steps counted from the end of the warm-up.
struct Span {
  std::int64_t step;
  std::int64_t total;            ///< at least 1
  std::int64_t steps_per_epoch;  ///< at least 1
};

using ScheduleFunction = double (*)(const ScheduleConfig&, double lr, const Span&);

std::int64_t drop_interval(const ScheduleConfig& schedule, const Span& at) {
  return schedule.step_size > 0 ? schedule.step_size : at.steps_per_epoch;
}

/// Half a cosine from `from` at 0 to `to` at 1.
double cosine_between(double from, double to, double fraction) {
  return to + (from - to) * (1.0 + std::cos(std::numbers::pi * fraction)) / 2.0;
}

double constant(const ScheduleConfig&, double lr, const Span&) { return lr; }

double inverse_time(const ScheduleConfig& schedule, double lr, const Span& at) {
  return lr / (1.0 + schedule.decay * static_cast<double>(at.step));  // mutant: inverse-time-step
}

double step_drops(const ScheduleConfig& schedule, double lr, const Span& at) {
  // mutant: whole-drops
  return lr * std::pow(schedule.gamma, static_cast<double>(at.step / drop_interval(schedule, at)));
}

double exponential(const ScheduleConfig& schedule, double lr, const Span& at) {
  const double factors = static_cast<double>(at.step) / static_cast<double>(drop_interval(schedule, at));
  return lr * std::pow(schedule.gamma, factors);
}

double polynomial(const ScheduleConfig& schedule, double lr, const Span& at) {
  const double left = 1.0 - static_cast<double>(std::min(at.step, at.total)) / static_cast<double>(at.total);
  // mutant: polynomial-power
  return schedule.min_lr + (lr - schedule.min_lr) * std::pow(left, schedule.power);
}

/// Loshchilov and Hutter, "SGDR", ICLR 2017; one cycle over the whole run unless cycle_steps says otherwise.
double cosine(const ScheduleConfig& schedule, double lr, const Span& at) {
  double position = static_cast<double>(at.step), length = static_cast<double>(at.total);
  if (schedule.cycle_steps <= 0) {
    position = std::min(position, length);  // mutant: cosine-ends
  } else {
    length = static_cast<double>(schedule.cycle_steps);
    if (schedule.cycle_factor == 1.0) {
      position = std::fmod(position, length);  // mutant: cosine-cycles
    } else {
      for (; position >= length; length *= schedule.cycle_factor) position -= length;
    }
  }
  return cosine_between(lr, schedule.min_lr, position / length);
}

/// Smith and Topin, "Super-convergence", 2017, as PyTorch's OneCycleLR: up to lr, then down to nearly
/// nothing.
double one_cycle(const ScheduleConfig& schedule, double lr, const Span& at) {
  const double start = lr / schedule.max_lr_start_factor, end = start / schedule.max_lr_end_factor;
  const double last = static_cast<double>(at.total - 1);
  const double peak = std::max(schedule.rise_fraction * static_cast<double>(at.total) - 1.0, 0.0);
  const double step = std::min(static_cast<double>(at.step), last);
  if (step <= peak && peak > 0.0) return cosine_between(start, lr, step / peak);
  return last > peak ? cosine_between(lr, end, (step - peak) / (last - peak)) : lr;
}

ScheduleFunction function_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::automatic:
    case ScheduleKind::constant:
    case ScheduleKind::plateau:
      return constant;
    case ScheduleKind::inverse_time:
      return inverse_time;
    case ScheduleKind::step:
      return step_drops;
    case ScheduleKind::exponential:
      return exponential;
    case ScheduleKind::polynomial:
      return polynomial;
    case ScheduleKind::cosine:
      return cosine;
    case ScheduleKind::one_cycle:
      return one_cycle;
  }
  throw InternalError("a schedule without a function");
}

}  // namespace

double checked_schedule_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                           std::int64_t step) {
  const ScheduleFunction function = function_of(schedule.name);
  const std::int64_t warmup = std::max<std::int64_t>(schedule.warmup_steps, 0);
  const Span span{.step = std::max<std::int64_t>(step - warmup, 0),  // mutant: warmup-first
                  .total = std::max<std::int64_t>(run.total_steps - warmup, 1),
                  .steps_per_epoch = std::max<std::int64_t>(run.steps_per_epoch, 1)};
  const double lr = function(schedule, base_lr, span);
  if (step >= warmup) return lr;  // mutant: warmup
  const double progress = static_cast<double>(step) / static_cast<double>(warmup);
  return lr * (schedule.warmup_start + (1.0 - schedule.warmup_start) * progress);
}

double scheduled_lr(const ScheduleConfig& schedule, double base_lr, const ScheduleContext& run,
                    std::int64_t step) {
  config_rules::check_section("schedule", schedule);
  if (step < 0 || !(base_lr >= 0))
    throw ConfigError("a schedule at step " + std::to_string(step) + " from the rate " +
                      std::to_string(base_lr) + "; want 0 or more of both");
  return checked_schedule_lr(schedule, base_lr, run, step);
}

void plateau_epoch_end(const ScheduleConfig& schedule, double metric, PlateauState& state) {
  // mutant: threshold-applied
  const bool better = state.started ? metric < state.best * (1.0 - schedule.threshold) : !std::isnan(metric);
  if (better) {
    state.best = metric;
    state.started = true;
    state.bad_epochs = 0;
    return;
  }
  if (++state.bad_epochs <= schedule.patience) return;  // mutant: patience-limit
  state.factor *= schedule.gamma;                       // mutant: bad-epochs-reset
  state.bad_epochs = 0;
}

double plateau_lr(const ScheduleConfig& schedule, double scheduled, const PlateauState& state) {
  return std::max(scheduled * state.factor, std::min(scheduled, schedule.min_lr));  // mutant: plateau-floor
}

}  // namespace thalweg
