#include "host/run/run_plan.hpp"

#include <algorithm>
#include <cmath>

#include "host/step/checked_schedule.hpp"

namespace thalweg {
namespace {

/// Work that is worth a checkpoint: some tenths of a second of a CPU, where a checkpoint of a small model
/// costs the disk tens of milliseconds.
constexpr double kWorkBetweenSaves = 1e10;

/// As scikit-learn's n_iter_no_change: one small change may be chance.
constexpr std::int64_t kSmallChanges = 5;

std::int64_t epochs_between_saves(const CheckpointConfig& checkpoint, double epoch_work) {
  constexpr double kMost = 1e9;
  if (checkpoint.every_epochs >= 0) return checkpoint.every_epochs;
  return static_cast<std::int64_t>(std::clamp(std::ceil(kWorkBetweenSaves / epoch_work), 1.0, kMost));
}

}  // namespace

RunPlan::RunPlan(const Config& config, std::int64_t batches_per_epoch, double epoch_work)
    : config_(&config),
      batches_per_epoch_(batches_per_epoch),
      epochs_between_saves_(epochs_between_saves(config.checkpoint, epoch_work)) {}

std::int64_t RunPlan::total_steps() const {
  const TrainConfig& train = config_->train;
  const std::int64_t by_epochs = train.epochs * batches_per_epoch_;
  return train.max_steps > 0 ? std::min(by_epochs, train.max_steps) : by_epochs;  // mutant: max-steps
}

bool RunPlan::saves_regularly_at(std::int64_t step) const {
  const std::int64_t by_epochs = epochs_between_saves_ * batches_per_epoch_;
  const std::int64_t by_steps = config_->checkpoint.every_steps;
  return (by_epochs > 0 && step > 0 && step % by_epochs == 0) || (by_steps > 0 && step % by_steps == 0);
}

std::int64_t RunPlan::last_regular_save(std::int64_t step) const {
  while (step > 0 && !saves_regularly_at(step)) --step;
  return step;
}

std::int64_t RunPlan::burst_length(std::int64_t step, std::int64_t limit) const {
  if (config_->train.gradient_tolerance > 0) return 1;
  const auto host_decides_at = [&](std::int64_t at) {
    return at >= total_steps() || epoch_ends_at(at) || saves_regularly_at(at);  // mutant: burst-ends-at-save
  };
  std::int64_t length = 1;
  while (length < limit && !host_decides_at(step + length)) ++length;
  return length;
}

double RunPlan::learning_rate(std::int64_t step, const PlateauState& plateau) const {
  const ScheduleConfig& schedule = config_->schedule;
  return plateau_lr(
      schedule,
      checked_schedule_lr(schedule, config_->optimizer.lr, {total_steps(), batches_per_epoch_}, step),
      plateau);
}

std::string RunPlan::stop_reason(const RunState& state, double seconds) const {
  const TrainConfig& train = config_->train;
  if (train.max_steps > 0 && state.step >= train.max_steps) return "steps";
  if (state.step >= train.epochs * batches_per_epoch_) return "epochs";
  if (train.max_seconds > 0 && seconds >= train.max_seconds) return "time";
  if (train.gradient_tolerance > 0 && state.gradient_norm < train.gradient_tolerance) return "gradient";
  if (!epoch_ends_at(state.step)) return {};
  // mutant: patience-limit
  if (train.patience > 0 && state.epochs_without_improvement >= train.patience) return "patience";
  if (train.loss_tolerance > 0 && state.small_changes >= kSmallChanges) return "loss";
  return {};
}

}  // namespace thalweg
