// What a run does after its last step: the model, its scores and the report.
#include <fmt/format.h>

#include "host/checkpoint/checkpoint.hpp"
#include "host/config/keys.hpp"
#include "host/model/objective.hpp"
#include "host/run/constant_check.hpp"
#include "host/run/falling_note.hpp"
#include "host/run/run_page.hpp"
#include "host/run/training_run.hpp"
#include "host/step/training_state.hpp"

namespace thalweg {

void TrainingRun::put_back_best() {
  if (checkpoints_) {
    checkpoints_->put_back(state_.best_step);
  } else {
    restore_model_state(run_.ctx, *best_, prepared_.model.network());
    prepared_.learner.set_states(best_->states);  // the average of the parameters is among them
  }
}

/// A run that was interrupted goes on: what its model will be is not said yet.
void TrainingRun::say_whose_model() const {
  if (stop_reason() == "signal") return;
  if (ends_with_best()) {
    run_.say(fmt::format("the model is that of step {}, the best on the validation rows", state_.best_step));
  } else if (checkpoints_ && state_.best_step > 0 && state_.best_step < state_.step) {
    run_.say(
        fmt::format("the model is that of the last step; the best on the validation rows is {} "
                    "(train.patience makes it the model)",
                    checkpoint_folder(run_.out.checkpoints(), state_.best_step)));
  }
}

void TrainingRun::use_final_parameters() {
  if (ends_with_best()) put_back_best();
  if (prepared_.learner.averages()) prepared_.learner.swap_average();
}

TrainReport TrainingRun::report() {
  TrainReport report;
  report.steps = state_.step;
  report.epochs = prepared_.plan.epochs_after(state_.step);
  report.samples = samples_;
  report.seconds = seconds();
  report.samples_per_second = samples_per(report.seconds);
  report.train_loss =
      state_.epoch_weight > 0 ? state_.epoch_loss / state_.epoch_weight : state_.last_epoch_loss;
  if (const std::optional<double> unit = loss_unit(prepared_.model.spec()))
    report.train_loss_in_target_unit = *unit * report.train_loss;
  report.stopped_by = stop_reason();
  if (checkpoints_) report.resumed_from = checkpoints_->resumed_from();
  report.device = run_.ctx.device();
  report.summary = prepared_.summary;
  report.best_step = state_.best_step;
  report.best_epoch = prepared_.plan.epochs_after(state_.best_step);
  report.best_is_model = ends_with_best() || (state_.best_step > 0 && state_.best_step == state_.step);
  for (const auto& part : parts_) part->finish(report);
  use_final_parameters();
  say_whose_model();
  report.parameters_xxh3 = parameters_xxh3(prepared_.model.parameters());
  run_.out.save_model(prepared_.model);
  if (report.stopped_by == "signal") return report;
  run_.ranks.finish();
  if (!run_.ranks.leads()) return report;
  evaluate_into(report);
  if (report.stopped_by != "signal") write_run_page(run_, prepared_);
  return report;
}

void TrainingRun::evaluate_into(TrainReport& report) {
  run_.enter(TrainPhase::evaluate);
  const std::atomic<int>* stop = run_.observer.stop_signal;
  try {
    if (prepared_.data.validates()) report.validation = evaluate_validation(MetricScope::all);
    if (prepared_.data.test) report.test = evaluate(prepared_.model, *prepared_.data.test, nullptr, stop);
  } catch (const InterruptedError&) {  // all is saved; running again comes straight to this place
    report.stopped_by = "signal";
    return;
  }
  say_if_still_falling(report);
  say_if_worse_than_constant(report.validation, "validation");
  say_if_worse_than_constant(report.test, "test");
}

void TrainingRun::say_if_still_falling(const TrainReport& report) const {
  if (report.stopped_by != "epochs" || !leaves_length_to_rule(run_.asked)) return;
  const double fall =
      fall_left(run_.config, prepared_.model, prepared_.data.train, prepared_.data.split.train);
  run_.note(falling_note(fall, report));
}

/// Class weights give accuracy away on purpose.
void TrainingRun::say_if_worse_than_constant(const std::optional<Metrics>& metrics, const char* rows) const {
  if (!metrics || run_.config.data.class_weight != name_of(ClassWeighting::none)) return;
  run_.note(worse_than_constant(*metrics, rows));
}

Progress TrainingRun::progress() const {
  const double elapsed = seconds();
  return {.step = state_.step,
          .total_steps = prepared_.plan.total_steps(),
          .epoch = prepared_.plan.epochs_after(state_.step - 1) + 1,
          .loss = state_.epoch_loss / state_.epoch_weight,
          .samples_per_second = samples_per(elapsed),
          .seconds = elapsed,
          .lr = prepared_.plan.learning_rate(state_.step - 1, state_.plateau)};
}

}  // namespace thalweg
