// What a run does after its last step: the model, its scores and the report.
#include <fmt/format.h>

#include "host/checkpoint/checkpoint.hpp"
#include "host/config/keys.hpp"
#include "host/model/objective.hpp"
#include "host/run/constant_check.hpp"
#include "host/run/falling_note.hpp"
#include "host/run/training_run.hpp"

namespace thalweg {

void TrainingRun::use_final_parameters() {
  if (ends_with_best()) {
    checkpoints_->put_back(state_.best_step);
    say(fmt::format("the model is that of step {}, the best on the validation rows", state_.best_step));
  } else if (checkpoints_ && state_.best_step > 0 && state_.best_step < state_.step) {
    say(
        fmt::format("the model is that of the last step; the best on the validation rows is {} "
                    "(train.patience makes it the model)",
                    checkpoint_folder(out_.checkpoints(), state_.best_step)));
  }
  if (learner_->averages()) learner_->swap_average();
}

TrainReport TrainingRun::report() {
  TrainReport report;
  report.steps = state_.step;
  report.epochs = plan_->epochs_after(state_.step);
  report.samples = samples_;
  report.seconds = seconds();
  report.samples_per_second = samples_per(report.seconds);
  report.train_loss =
      state_.epoch_weight > 0 ? state_.epoch_loss / state_.epoch_weight : state_.last_epoch_loss;
  if (const std::optional<double> unit = loss_unit(model_->spec()))
    report.train_loss_in_target_unit = *unit * report.train_loss;
  report.stopped_by = stop_reason();
  if (checkpoints_) report.resumed_from = checkpoints_->resumed_from();
  report.device = ctx_.device();
  report.summary = summary_;
  report.best_step = state_.best_step;
  report.best_epoch = plan_->epochs_after(state_.best_step);
  report.best_is_model = ends_with_best() || (state_.best_step > 0 && state_.best_step == state_.step);
  for (const auto& part : parts_) part->finish(report);
  use_final_parameters();
  report.parameters_xxh3 = parameters_xxh3(model_->parameters());
  out_.save_model(*model_);
  if (report.stopped_by != "signal") evaluate_into(report);
  return report;
}

void TrainingRun::evaluate_into(TrainReport& report) {
  enter(TrainPhase::evaluate);
  const std::atomic<int>* stop = observer_.stop_signal;
  try {
    if (data_.validates()) report.validation = evaluate_validation(MetricScope::all);
    if (data_.test) report.test = evaluate(*model_, *data_.test, nullptr, stop);
  } catch (const InterruptedError&) {  // all is saved; running again comes straight to this place
    report.stopped_by = "signal";
    return;
  }
  say_if_still_falling(report);
  say_if_worse_than_constant(report.validation, "validation");
  say_if_worse_than_constant(report.test, "test");
}

void TrainingRun::say_if_still_falling(const TrainReport& report) const {
  if (report.stopped_by != "epochs" || !leaves_length_to_rule(asked_)) return;
  const double fall = fall_left(config_, *model_, data_.train, data_.split.train);
  if (const std::string note = falling_note(fall, report); !note.empty()) say(note);
}

/// Class weights give accuracy away on purpose.
void TrainingRun::say_if_worse_than_constant(const std::optional<Metrics>& metrics, const char* rows) const {
  if (!metrics || config_.data.class_weight != name_of(ClassWeighting::none)) return;
  if (const std::string note = worse_than_constant(*metrics, rows); !note.empty()) say(note);
}

Progress TrainingRun::progress() const {
  const double elapsed = seconds();
  return {.step = state_.step,
          .total_steps = plan_->total_steps(),
          .epoch = plan_->epochs_after(state_.step - 1) + 1,
          .loss = state_.epoch_loss / state_.epoch_weight,
          .samples_per_second = samples_per(elapsed),
          .seconds = elapsed,
          .lr = plan_->learning_rate(state_.step - 1, state_.plateau)};
}

}  // namespace thalweg
