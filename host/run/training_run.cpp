#include "host/run/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/checkpoint/files.hpp"
#include "host/config/choice.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/network.hpp"
#include "host/model/objective.hpp"
#include "host/run/constant_check.hpp"
#include "host/run/context_options.hpp"
#include "host/run/cross_validation.hpp"
#include "host/run/defaults.hpp"
#include "host/run/lazy_note.hpp"
#include "host/run/learner_options.hpp"
#include "host/run/numerics_note.hpp"
#include "host/run/output_bias.hpp"
#include "host/run/run_parts.hpp"
#include "host/run/run_summary.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/step/memory_plan.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A run that passes over so many batches without a good one between them has diverged for good.
constexpr std::int64_t kMostSpikesInARow = 10;

}  // namespace

TrainingRun::TrainingRun(const Config& config, const TrainObserver& observer, ReadData read_data)
    : config_((validate_config(config), config)),  // before a device is asked for
      observer_(observer),
      ctx_(context_options(config)),
      out_(config.out, [this](const std::string& note) { say(note); }),
      read_data_(std::move(read_data)),
      start_(Clock::now()) {}

TrainReport TrainingRun::run() {
  enter(TrainPhase::load);
  prepare();
  if (epoch_pending() || stop_reason().empty()) {
    out_.retire_model();
  } else {
    say_nothing_to_do();
  }
  try {
    train();
  } catch (const InterruptedError&) {  // interrupted a validation, which runs again on resume
  }
  save();
  finish_saving();
  return report();
}

void TrainingRun::train() {
  if (epoch_pending()) finish_epoch();
  while (stop_reason().empty()) {
    take_steps();
    if (plan_->epoch_ends_at(state_.step)) finish_epoch();
    const bool asked = observer_.save_signal != nullptr && observer_.save_signal->exchange(0) != 0;
    if (asked || plan_->saves_regularly_at(state_.step)) save();
    if (checkpoints_) checkpoints_->check();
  }
}

void TrainingRun::prepare() {
  out_.lock_existing();
  const Config asked = config_;
  config_ = with_data_defaults(config_);
  data_ = read_data_(config_, observer_.reading);
  enter(TrainPhase::train);
  if (const std::string note = numerics_note(ctx_); !note.empty()) say(note);
  make_model();
  if (const std::string note = lazy_note(config_.optimizer, data_.train); !note.empty()) say(note);
  say_what_was_read();
  resume();
  parts_ = make_run_parts({.config = config_,
                           .observer = observer_,
                           .out = out_,
                           .data = data_,
                           .privacy = privacy_ ? &*privacy_ : nullptr,
                           .state = state_,
                           .epoch_pending = epoch_pending()});
  if (config_.train.on_spike == SpikePolicy::rollback && state_.step == 0) save();
  if (const std::string note = describe_defaults(asked, config_); !note.empty()) say(note);
  say_device();
  start_ = Clock::now();
}

void TrainingRun::make_model() {
  const auto seed = static_cast<std::uint64_t>(config_.seed);
  const ModelSpec spec = resolve_model(model_config(config_, data_), schema_of(data_.train), seed);
  check_targets(data_, spec);
  require_metric(spec);
  choose_defaults(spec);
  const std::vector<std::int64_t>& rows = data_.split.train;
  batches_.emplace(rows, config_.train.batch_size, seed, config_.train.shuffle, config_.train.drop_last);
  if (batches_->batches_per_epoch() == 0) {
    throw ConfigError("train.drop_last leaves no batch: fewer rows than train.batch_size");
  }
  const double parameters = static_cast<double>(Network(spec).plan().arena_size());
  plan_.emplace(config_, batches_->batches_per_epoch(), static_cast<double>(rows.size()) * parameters);
  const LearnerOptions options = options_of_learner();
  plan_memory_of(spec, options);
  model_.emplace(ctx_, spec);
  start_output_bias(config_, data_.train, rows, *model_);
  learner_ = std::make_unique<Learner>(*model_, data_.train, options);
  if (data_.validation) validation_.emplace(ctx_, *data_.validation);
  summary_ = summarize(config_, data_, spec);
}

/// What is left open depends on the data. The config that is saved and compared on resume is the whole one.
void TrainingRun::choose_defaults(const ModelSpec& spec) {
  config_ = with_run_defaults(config_, run_shape(data_.train, data_.split.train, spec));
  validate_config(config_);
}

/// A name that no metric of this model has would never improve.
void TrainingRun::require_metric(const ModelSpec& spec) const {
  const std::string& metric = config_.train.metric;
  const std::vector<std::string> names = metric_names(spec);
  if (std::find(names.begin(), names.end(), metric) != names.end()) return;
  refuse_value("train.metric", value_to_toml(metric),
               fmt::format("{} with model.loss = {}", one_of(names), name_of(spec.config.loss)),
               did_you_mean(metric, names));
}

LearnerOptions TrainingRun::options_of_learner() {
  if (config_.per_sample.poisson()) {
    privacy_.emplace(config_, data_.train, data_.split.train, plan_->total_steps());
    for (const std::string& note : privacy_->notes()) say(note);
  }
  return learner_options(config_, std::ssize(data_.split.train), &*batches_, privacy_ ? &*privacy_ : nullptr);
}

/// Device memory is reported before it is allocated. The host's memory grows with the data, which are already
/// read.
void TrainingRun::plan_memory_of(const ModelSpec& spec, const LearnerOptions& options) const {
  const std::int64_t free_bytes = cuda_free_bytes(ctx_);
  if (free_bytes < 0) return;
  const MemoryPlan plan = plan_memory(spec, data_.train, options);
  require_fits(plan, free_bytes);
  say(describe(plan));
}

void TrainingRun::resume() {
  if (!out_.given()) return;
  out_.open();
  checkpoints_.emplace(
      Checkpointed{
          .config = config_,
          .plan = *plan_,
          .data_fingerprint = data_.fingerprint,
          .model = *model_,
          .learner = *learner_,
      },
      out_, [this](const std::string& note) { say(note); });
  if (const std::optional<RunState> state = checkpoints_->resume()) state_ = *state;
  write_file_atomically(out_.file("config.toml"), to_toml(config_));
}

void TrainingRun::say_device() const {
  if (config_.device != "auto") return;
  // A build without CUDA has nothing to explain; one with it says why it took the cpu.
  std::string reason;
  const bool explain = !cuda_usable(reason) && cuda_report().built;
  say("device: " + ctx_.device() + (explain ? " (cuda: " + reason + ")" : ""));
}

void TrainingRun::say_what_was_read() {
  for (const std::string& line : summary_lines(summary_)) say(line);
  for (const Dataset* data :
       {&data_.train, data_.validation ? &*data_.validation : nullptr, data_.test ? &*data_.test : nullptr}) {
    if (data == nullptr) continue;
    for (const std::string& note : data->notes) say(note);
  }
}

void TrainingRun::say_nothing_to_do() const {
  if (!checkpoints_ || checkpoints_->resumed_from().empty() || signalled()) return;
  say(
      fmt::format("nothing to do: the run in {} has ended ({}); train.epochs makes it longer, "
                  "checkpoint.resume=never starts it over",
                  config_.out, stop_reason()));
}

/// Poisson sampling draws a list; else the device computes the rows.
StepRows TrainingRun::rows_of(std::int64_t step) const {
  return rows_of_step(*batches_, privacy_ ? &*privacy_ : nullptr, step);
}

void TrainingRun::take_steps() {
  std::vector<StepRows> rows;
  const std::int64_t length = plan_->burst_length(state_.step, learner_->burst_limit());
  for (std::int64_t step = state_.step; step < state_.step + length; ++step) {
    rows.push_back(rows_of(step));
    std::visit(
        [&](const auto& batch) { learner_->enqueue(batch, plan_->learning_rate(step, state_.plateau)); },
        rows.back());
  }
  const std::vector<StepResult> results = learner_->collect();
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
  if (config_.train.on_spike == SpikePolicy::stop || state_.spikes_in_a_row >= kMostSpikesInARow) {
    save();
    finish_saving();
    throw error;
  }
  if (config_.train.on_spike == SpikePolicy::rollback) roll_back(error);
  say(fmt::format("{}; train.on_spike = {} passes over its rows: {}", error.what(),
                  name_of(config_.train.on_spike), data_.name_rows(rows)));
  ++state_.spikes_in_a_row;
  ++state_.step;
  learner_->set_steps(state_.step);
}

/// To the last regular checkpoint. What an interruption saved in between is not a target: an interrupted run
/// would go back to other parameters than an uninterrupted one.
void TrainingRun::roll_back(const DivergedError& error) {
  try {
    say(fmt::format("rolled back to {}", checkpoints_->put_back(plan_->last_regular_save(state_.step))));
  } catch (const CorruptCheckpoint& damage) {
    throw DivergedError(fmt::format("{}; cannot roll back: {}", error.what(), damage.what()));
  }
}

/// Changes nothing when the validation is interrupted: the epoch is then pending.
void TrainingRun::finish_epoch() {
  EpochReport epoch = epoch_report();
  if (data_.validates()) epoch.validation = validation_metrics();
  const double change = std::abs(epoch.train_loss - state_.last_epoch_loss);  // mutant: absolute-change
  const bool small = change < config_.train.loss_tolerance;  // not after the first epoch: NaN
  state_.small_changes = small ? state_.small_changes + 1 : 0;
  state_.last_epoch_loss = epoch.train_loss;
  state_.epoch_loss = state_.epoch_weight = 0;  // mutant: loss-per-epoch
  for (const auto& part : parts_) part->epoch_end(epoch);
  if (checkpoints_ && state_.step > 0 && state_.best_step == state_.step) checkpoints_->keep_best(state_);
}

EpochReport TrainingRun::epoch_report() const {
  return {.step = state_.step,
          .epoch = plan_->epochs_after(state_.step),
          .train_loss = state_.epoch_loss / state_.epoch_weight,
          .lr = plan_->learning_rate(state_.step - 1, state_.plateau),
          .seconds = seconds(),
          .validation = {}};
}

/// By the parameters that the model has now.
Metrics TrainingRun::evaluate_validation(MetricScope scope) {
  const std::atomic<int>* const stop = observer_.stop_signal;
  if (!validation_) return learner_->evaluate(data_.split.validation, stop, scope);
  return evaluate_rows(ctx_, model_->network(), PlacedRows(ctx_, *validation_, nullptr),
                       {.stop_signal = stop, .scope = scope});
}

/// Outputs leave the device only for a metric that needs them.
Metrics TrainingRun::validation_metrics() {
  const bool ranked = needs_outputs(model_->spec(), config_.train.metric);
  const MetricScope scope = ranked ? MetricScope::all : MetricScope::sums;
  if (!learner_->averages()) return evaluate_validation(scope);
  learner_->swap_average();
  try {
    Metrics metrics = evaluate_validation(scope);
    learner_->swap_average();
    return metrics;
  } catch (const InterruptedError&) {
    learner_->swap_average();
    throw;  // mutant: average-swapped-back
  }
}

std::string TrainingRun::stop_reason() const {
  return signalled() ? "signal" : plan_->stop_reason(state_, seconds());
}

void TrainingRun::save() {
  if (checkpoints_) checkpoints_->save(state_);
}

void TrainingRun::finish_saving() {
  if (checkpoints_) checkpoints_->finish();
}

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
  say_if_worse_than_constant(report.validation, "validation");
  say_if_worse_than_constant(report.test, "test");
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

void TrainingRun::enter(TrainPhase phase) const {
  if (observer_.phase) observer_.phase(phase);
}

void TrainingRun::say(const std::string& message) const {
  if (observer_.message) observer_.message(message);
}

TrainReport train(const Config& config, const TrainObserver& observer) {
  if (config.data.folds > 0) return cross_validate(config, observer);
  return TrainingRun(config, observer).run();
}

}  // namespace thalweg
