#include "host/train/run_plan.hpp"

#include <algorithm>

namespace thalweg {

std::int64_t RunPlan::total_steps() const {
  const TrainConfig& train = config_->train;
  const std::int64_t by_epochs = train.epochs * batches_per_epoch_;
  return train.max_steps > 0 ? std::min(by_epochs, train.max_steps) : by_epochs;
}

bool RunPlan::saves_regularly_at(std::int64_t step) const {
  const CheckpointConfig& checkpoint = config_->checkpoint;
  const std::int64_t epochs = checkpoint.every_epochs * batches_per_epoch_;
  return (epochs > 0 && step > 0 && step % epochs == 0) ||
         (checkpoint.every_steps > 0 && step % checkpoint.every_steps == 0);
}

std::int64_t RunPlan::last_regular_save(std::int64_t step) const {
  while (step > 0 && !saves_regularly_at(step)) --step;
  return step;
}

std::int64_t RunPlan::burst_length(std::int64_t step, std::int64_t limit) const {
  if (config_->train.gradient_tolerance > 0) return 1;
  std::int64_t length = 1;
  while (length < limit && step + length < total_steps() && !saves_regularly_at(step + length)) ++length;
  return length;
}

double RunPlan::learning_rate(std::int64_t step, const PlateauState& plateau) const {
  const ScheduleConfig& schedule = config_->schedule;
  return plateau_lr(schedule,
                    scheduled_lr(schedule, config_->optimizer.lr, {total_steps(), batches_per_epoch_}, step),
                    plateau);
}

std::string RunPlan::stop_reason(const RunState& state, double seconds) const {
  const TrainConfig& train = config_->train;
  if (train.max_steps > 0 && state.step >= train.max_steps) return "steps";
  if (state.step >= train.epochs * batches_per_epoch_) return "epochs";
  if (train.max_seconds > 0 && seconds >= train.max_seconds) return "time";
  if (train.gradient_tolerance > 0 && state.gradient_norm < train.gradient_tolerance) return "gradient";
  if (!epoch_ends_at(state.step)) return {};
  if (train.patience > 0 && state.epochs_without_improvement >= train.patience) return "patience";
  if (train.loss_tolerance > 0 && state.epoch_loss_change < train.loss_tolerance) return "loss";
  return {};
}

}  // namespace thalweg
