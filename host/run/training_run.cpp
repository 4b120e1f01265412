#include "host/run/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/config/keys.hpp"
#include "host/model/evaluation.hpp"
#include "host/run/cross_validation.hpp"
#include "host/run/learner_options.hpp"
#include "host/run/train_as_rank.hpp"
#include "host/runtime/lane.hpp"
#include "host/step/training_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A run that passes over so many batches without a good one between them has diverged for good.
constexpr std::int64_t kMostSpikesInARow = 10;

}  // namespace

TrainReport TrainingRun::run() {
  if (epoch_pending() || stop_reason().empty()) {
    run_.out.retire_model();
  } else {
    say_nothing_to_do();
  }
  try {
    train();
  } catch (const InterruptedError&) {  // interrupted a validation, which runs again on resume
  } catch (const DivergedError& error) {
    for (const auto& part : parts_) part->diverged(state_.step, error.what());
    throw;
  }
  save();
  finish_saving();
  return report();
}

void TrainingRun::train() {
  if (epoch_pending()) finish_epoch();
  while (stop_reason().empty()) {
    take_steps();
    if (prepared_.plan.epoch_ends_at(state_.step)) finish_epoch();
    const bool asked = run_.observer.save_signal != nullptr && run_.observer.save_signal->exchange(0) != 0;
    if (asked || prepared_.plan.saves_regularly_at(state_.step)) save();
    if (checkpoints_) checkpoints_->check();
  }
}

/// Poisson sampling draws a list; else the device computes the rows.
StepRows TrainingRun::rows_of(std::int64_t step) const {
  return rows_of_step(prepared_.batches, prepared_.private_side(), step);
}

void TrainingRun::take_steps() {
  run_.ranks.say(state_.step + 1, seconds());
  std::vector<StepRows> rows;
  const std::int64_t length = prepared_.plan.burst_length(state_.step, prepared_.learner.burst_limit());
  for (std::int64_t step = state_.step; step < state_.step + length; ++step) {
    rows.push_back(rows_of(step));
    std::visit(
        [&](const auto& batch) {
          prepared_.learner.enqueue(batch, prepared_.plan.learning_rate(step, state_.plateau));
        },
        rows.back());
  }
  const std::vector<StepResult> results = prepared_.learner.collect();
  run_.ranks.hear();
  for (std::size_t i = 0; i < results.size(); ++i) {
    samples_ += count_of(rows[i]);
    if (results[i].diverged.empty()) {
      after_step(rows[i], results[i]);
    } else {
      pass_over(list_of(rows[i]), DivergedError(results[i].diverged));
    }
  }
}

void TrainingRun::after_step(const StepRows& rows, const StepResult& result) {
  ++state_.step;
  state_.spikes_in_a_row = 0;  // mutant: spikes-in-a-row
  state_.epoch_loss += result.loss_sum;
  state_.epoch_weight += result.weight_sum;
  state_.gradient_norm = result.gradient_norm;
  const StepReport step{
      .rows = rows, .result = result, .step = state_.step, .progress = [this] { return progress(); }};
  for (const auto& part : parts_) part->after_step(step);
}

/// The batch counts as a step in which nothing was learnt, so that data order and schedule go on as they
/// would have.
void TrainingRun::pass_over(const std::vector<std::int64_t>& rows, const DivergedError& error) {
  if (run_.config.train.on_spike == SpikePolicy::stop || state_.spikes_in_a_row >= kMostSpikesInARow) {
    save();
    finish_saving();
    throw error;
  }
  if (run_.config.train.on_spike == SpikePolicy::rollback) roll_back(error);
  run_.say(fmt::format("{}; train.on_spike = {} passes over its rows: {}", error.what(),
                       name_of(run_.config.train.on_spike), prepared_.data.name_rows(rows)));
  ++state_.spikes_in_a_row;
  ++state_.step;
  prepared_.learner.set_steps(state_.step);
}

/// To the last regular checkpoint. What an interruption saved in between is not a target: an interrupted run
/// would go back to other parameters than an uninterrupted one.
void TrainingRun::roll_back(const DivergedError& error) {
  try {
    run_.say(fmt::format("rolled back to {}",
                         checkpoints_->put_back(prepared_.plan.last_regular_save(state_.step))));
  } catch (const CorruptCheckpoint& damage) {
    throw DivergedError(fmt::format("{}; cannot roll back: {}", error.what(), damage.what()));
  }
}

/// Changes nothing when the validation is interrupted: the epoch is then pending.
void TrainingRun::finish_epoch() {
  EpochReport epoch = epoch_report();
  if (prepared_.data.validates()) epoch.validation = validation_metrics();
  require_defined_metric(epoch);
  const double change = std::abs(epoch.train_loss - state_.last_epoch_loss);  // mutant: absolute-change
  const bool small = change < run_.config.train.loss_tolerance;  // not after the first epoch: NaN
  state_.small_changes = small ? state_.small_changes + 1 : 0;
  state_.last_epoch_loss = epoch.train_loss;
  state_.epoch_loss = state_.epoch_weight = 0;  // mutant: loss-per-epoch
  for (const auto& part : parts_) part->epoch_end(epoch);
  if (state_.step > 0 && state_.best_step == state_.step) keep_best();
}

void TrainingRun::keep_best() {
  if (checkpoints_) {
    checkpoints_->keep_best(state_);
  } else if (ends_with_best()) {
    best_ = training_state(run_.ctx, prepared_.model.network(), prepared_.learner);
  }
}

/// One that the rows do not define would never improve, and patience would end the run.
void TrainingRun::require_defined_metric(const EpochReport& epoch) const {
  if (!epoch.validation) return;
  for (const auto& [name, reason] : epoch.validation->undefined) {
    if (name == run_.config.train.metric)
      throw DataError(
          fmt::format("train.metric = {}: the validation rows do not define it: {}; want another "
                      "metric, or other rows",
                      name, reason));
  }
}

EpochReport TrainingRun::epoch_report() const {
  return {.step = state_.step,
          .epoch = prepared_.plan.epochs_after(state_.step),
          .train_loss = state_.epoch_loss / state_.epoch_weight,
          .lr = prepared_.plan.learning_rate(state_.step - 1, state_.plateau),
          .seconds = seconds(),
          .validation = {}};
}

/// By the parameters that the model has now.
Metrics TrainingRun::evaluate_validation(MetricScope scope) {
  const std::atomic<int>* const stop = run_.observer.stop_signal;
  if (!prepared_.validation) return prepared_.learner.evaluate(prepared_.data.split.validation, stop, scope);
  const Lane lane(run_.ctx);
  return evaluate_rows(run_.ctx, prepared_.model.network(),
                       PlacedRows(run_.ctx, *prepared_.validation, nullptr),
                       {.stop_signal = stop, .scope = scope});
}

/// Outputs leave the device only for a metric that needs them.
Metrics TrainingRun::validation_metrics() {
  const bool ranked = needs_outputs(prepared_.model.spec(), run_.config.train.metric);
  const MetricScope scope = ranked ? MetricScope::all : MetricScope::sums;
  if (!prepared_.learner.averages()) return evaluate_validation(scope);
  prepared_.learner.swap_average();
  try {
    Metrics metrics = evaluate_validation(scope);
    prepared_.learner.swap_average();
    return metrics;
  } catch (const InterruptedError&) {
    prepared_.learner.swap_average();
    throw;  // mutant: average-swapped-back
  }
}

std::string TrainingRun::stop_reason() const {
  if (run_.signalled()) return "signal";
  return ended_.empty() ? prepared_.plan.stop_reason(state_, run_.ranks.seconds(seconds())) : ended_;
}

void TrainingRun::save() {
  if (!checkpoints_) return;
  run_.ranks.require_equal_parameters(state_.step,
                                      [this] { return parameters_xxh3(prepared_.model.parameters()); });
  checkpoints_->save(state_);
}

void TrainingRun::finish_saving() {
  if (checkpoints_) checkpoints_->finish();
  run_.ranks.meet();
}

namespace {

TrainReport train_on(MemoryData* memory, const Config& config, const TrainObserver& observer,
                     ProcessRanks* ends = nullptr) {
  if (config.data.folds > 0 && ends == nullptr) return cross_validate(config, observer, memory);
  const auto read = [memory](const Config& resolved, const ReadProgress& progress) {
    return read_run_data(resolved, progress, memory);
  };
  return TrainingRun(config, observer, read, ends).run();
}

}  // namespace

TrainReport train_as_rank(const Config& config, const TrainObserver& observer, ProcessRanks& ends) {
  try {
    return train_on(nullptr, config, observer, &ends);
  } catch (const std::exception& error) {
    ends.abort(error.what());
    throw;
  }
}

TrainReport train(const Config& config, const TrainObserver& observer) {
  return train_on(nullptr, config, observer);
}

TrainReport train(const Config& config, Dataset data, const Dataset* test, const TrainObserver& observer) {
  MemoryData memory = checked_memory(std::move(data), test);
  return train_on(&memory, config, observer);
}

}  // namespace thalweg
