#include "host/train/training_run.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "host/model/model_file.hpp"
#include "host/model/network.hpp"
#include "host/model/objective.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/train/context_options.hpp"
#include "host/train/learner_options.hpp"
#include "host/train/memory_plan.hpp"
#include "host/train/numerics_note.hpp"
#include "host/train/resume_check.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A run that passes over so many batches without a good one between them has diverged for good.
constexpr std::int64_t kMostSpikesInARow = 10;
constexpr std::size_t kRowsNamed = 8;

}  // namespace

TrainingRun::TrainingRun(const Config& config, const TrainObserver& observer)
    : config_((validate_config(config), config)),  // before a device is asked for
      observer_(observer),
      ctx_(context_options(config, config.device)),
      start_(Clock::now()) {}

TrainReport TrainingRun::run() {
  enter(TrainPhase::load);
  prepare();
  if (epoch_pending() || stop_reason().empty()) retire_model();
  try {
    train();
  } catch (const InterruptedError&) {  // in the middle of a validation, which is done anew on resume
  }
  save();
  writer_.finish();
  return report();
}

void TrainingRun::train() {
  if (epoch_pending()) finish_epoch();
  while (stop_reason().empty()) {
    take_steps();
    if (plan_->epoch_ends_at(state_.step)) finish_epoch();
    const bool asked = observer_.save_signal != nullptr && observer_.save_signal->exchange(0) != 0;
    if (asked || plan_->saves_regularly_at(state_.step) || best_so_far()) save();
    writer_.check();
  }
}

void TrainingRun::prepare() {
  if (is_folder(config_.out)) claim_out();
  load_data();
  enter(TrainPhase::train);
  if (const std::string note = numerics_note(ctx_); !note.empty()) say(note);
  const ModelSpec spec =
      resolve_model(config_.model, schema_of(train_), static_cast<std::uint64_t>(config_.seed));
  check_targets(train_, spec);
  if (test_) check_targets(*test_, spec);
  batches_.emplace(split_.train, config_.train.batch_size, static_cast<std::uint64_t>(config_.seed),
                   config_.train.shuffle, config_.train.drop_last);
  if (batches_->batches_per_epoch() == 0) {
    throw ConfigError("train.drop_last leaves no batch: fewer rows than train.batch_size");
  }
  const double parameters = static_cast<double>(Network(spec).plan().arena_size());
  plan_.emplace(config_, batches_->batches_per_epoch(),
                static_cast<double>(batches_->rows().size()) * parameters);
  const LearnerOptions options = options_of_learner();
  plan_memory_of(spec, options);
  model_.emplace(ctx_, spec);
  learner_ = std::make_unique<Learner>(ctx_, *model_, train_, options);
  if (config_.per_sample.statistics) statistics_.emplace(train_, config_.per_sample.clip_norm);
  resume();
  if (config_.device == "auto") {
    std::string reason;
    cuda_usable(reason);
    say("device: " + ctx_.device() + (reason.empty() ? "" : " (cuda: " + reason + ")"));
  }
  start_ = Clock::now();
}

LearnerOptions TrainingRun::options_of_learner() {
  if (config_.per_sample.poisson()) {
    privacy_.emplace(config_, train_, split_.train, plan_->total_steps());
    for (const std::string& note : privacy_->notes()) say(note);
  }
  return learner_options(config_, std::ssize(split_.train), &*batches_, privacy_ ? &*privacy_ : nullptr);
}

/// Device memory is told of before it is asked for; the host's grows with the data that are already read.
void TrainingRun::plan_memory_of(const ModelSpec& spec, const LearnerOptions& options) const {
  const std::int64_t free_bytes = cuda_free_bytes(ctx_);
  if (free_bytes < 0) return;
  const MemoryPlan plan = plan_memory(spec, train_, options);
  require_fits(plan, free_bytes);
  say(describe(plan));
}

/// Claims `out` before the data are read, so that a second run fails at once.
void TrainingRun::claim_out() {
  if (!lock_) lock_.emplace(config_.out, [this](const std::string& note) { say(note); });
}

/// A model that a former run left in `out` must not answer for this one: from here on the newest checkpoint
/// is the folder's model, until this run ends with one of its own.
void TrainingRun::retire_model() const {
  if (config_.out.empty() || !path_exists(model_path())) return;
  rename_path(model_path(), former_model_path());
  sync_folder(config_.out);
}

void TrainingRun::load_data() {
  require_pipes_once(input_paths(config_.data));
  TrainingData read = read_and_split(config_.data, target_use(config_.model.loss),
                                     static_cast<std::uint64_t>(config_.seed), observer_.reading);
  train_ = std::move(read.data);
  split_ = std::move(read.split);
  if (!config_.data.test.empty() || !config_.data.test_rows.empty()) {
    test_ = read_test_data(config_.data, schema_of(train_), true, observer_.reading);
  }
  fingerprint_ = fingerprint(train_, config_.data.fingerprint == FingerprintRows::full);
}

void TrainingRun::resume() {
  if (config_.out.empty()) return;
  create_folders(config_.out);
  claim_out();
  remove_temporaries(config_.out);
  const std::string& how = config_.checkpoint.resume;
  const std::optional<Resume> word = value_named<Resume>(how);
  if (!word) {
    restore(how);
  } else if (*word == Resume::never) {
    remove_checkpoints(checkpoint_root());
  } else {
    std::vector<std::string> damaged;
    const auto newest = newest_valid_checkpoint(checkpoint_root(), damaged);
    for (const std::string& report : damaged) say(report);
    if (newest) restore(*newest);
  }
  write_file_atomically(config_.out + "/config.toml", to_toml(config_));
  log_ = MetricsLog(config_.out + "/metrics.jsonl", state_.step, epoch_pending());
  if (config_.train.on_spike == SpikePolicy::rollback && state_.step == 0) save();
}

void TrainingRun::restore(const std::string& folder) {
  const CheckpointData data = read_checkpoint(folder);
  require_same_run(folder, data, config_, fingerprint_);
  model_->set_parameters(ctx_, data.parameters);
  model_->set_buffers(ctx_, data.buffers);
  learner_->set_states(data.states);
  learner_->set_steps(data.step);  // mutant: steps-restored
  state_ = RunState::from(data.progress, data.step, folder);
  saved_step_ = data.step;
  writer_.set_valid(folder);
  resumed_from_ = folder;
  say(fmt::format("resumed from {} at step {}", folder, data.step));
}

/// Poisson sampling draws a list; else the device computes the rows.
StepRows TrainingRun::rows_of(std::int64_t step) const {
  if (privacy_) return privacy_->sampler().rows(static_cast<std::uint64_t>(step + 1));
  return batches_->at_step(step);
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
      if (statistics_) statistics_->add(list_of(rows[i]), results[i]);
      after_step(results[i]);
    } else {
      pass_over(list_of(rows[i]), DivergedError(results[i].diverged));
    }
  }
}

/// The batch counts as a step in which nothing was learnt, so that data order and schedule go on as they
/// would have.
void TrainingRun::pass_over(const std::vector<std::int64_t>& rows, const DivergedError& error) {
  if (config_.train.on_spike == SpikePolicy::stop || state_.spikes_in_a_row >= kMostSpikesInARow) {
    save();
    writer_.finish();
    throw error;
  }
  if (config_.train.on_spike == SpikePolicy::rollback) roll_back(error);
  std::string named;
  for (std::size_t i = 0; i < std::min(rows.size(), kRowsNamed); ++i) {
    named += (i > 0 ? ", " : "") + train_.where(rows[i]);
  }
  if (rows.size() > kRowsNamed) named += fmt::format(" and {} more", rows.size() - kRowsNamed);
  say(fmt::format("{}; train.on_spike = {} passes over its rows: {}", error.what(),
                  name_of(config_.train.on_spike), named));
  ++state_.spikes_in_a_row;
  ++state_.step;
  learner_->set_steps(state_.step);
}

/// Parameters, states and running statistics of the last regular checkpoint. What an interruption saved in
/// between is no target: an interrupted run would go back to other parameters than an uninterrupted one.
void TrainingRun::roll_back(const DivergedError& error) {
  writer_.finish();
  const std::string folder = checkpoint_folder(checkpoint_root(), plan_->last_regular_save(state_.step));
  try {
    const CheckpointData data = read_checkpoint(folder);
    model_->set_parameters(ctx_, data.parameters);
    model_->set_buffers(ctx_, data.buffers);
    learner_->set_states(data.states);
  } catch (const CorruptCheckpoint& damage) {
    throw DivergedError(fmt::format("{}; cannot roll back: {}", error.what(), damage.what()));
  }
  say(fmt::format("rolled back to {}", folder));
}

void TrainingRun::after_step(const StepResult& result) {
  ++state_.step;
  state_.spikes_in_a_row = 0;  // mutant: spikes-in-a-row
  state_.epoch_loss += result.loss_sum;
  state_.epoch_weight += result.weight_sum;
  state_.gradient_norm = result.gradient_norm;
  report_progress();
  const std::int64_t every = config_.train.log_every_steps;
  if (every > 0 && state_.step % every == 0) {
    std::vector<std::pair<std::string, double>> line{{"step", static_cast<double>(state_.step)}};
    // a batch of weight 0 has no mean loss
    if (result.weight_sum > 0) line.emplace_back("loss", result.loss_sum / result.weight_sum);
    line.emplace_back("gradient_norm", result.gradient_norm);
    line.emplace_back("lr", plan_->learning_rate(state_.step, state_.plateau));
    line.emplace_back("seconds", seconds());
    log_.write(line);
  }
}

/// Changes nothing when the validation is interrupted: the epoch is then pending.
void TrainingRun::finish_epoch() {
  if (!split_.validation.empty()) validate_epoch();
  const double loss = state_.epoch_loss / state_.epoch_weight;
  state_.epoch_loss_change = std::abs(loss - state_.last_epoch_loss);  // mutant: absolute-change
  if (std::isnan(state_.epoch_loss_change))
    state_.epoch_loss_change = std::numeric_limits<double>::infinity();
  state_.last_epoch_loss = loss;
  state_.epoch_loss = state_.epoch_weight = 0;  // mutant: loss-per-epoch
  std::vector<std::pair<std::string, double>> line{
      {"step", static_cast<double>(state_.step)},
      {"epoch", static_cast<double>(plan_->epochs_after(state_.step))}};
  if (!std::isnan(loss)) line.emplace_back("train.loss", loss);  // NaN: every row of the epoch had weight 0
  line.emplace_back("lr", plan_->learning_rate(state_.step, state_.plateau));
  line.emplace_back("seconds", seconds());
  if (!split_.validation.empty()) {
    for (const auto& [name, value] : validation_->values) line.emplace_back("validation." + name, value);
  }
  if (statistics_) {
    epoch_statistics_ = statistics_->finish_epoch();
    line.insert(line.end(), epoch_statistics_.begin(), epoch_statistics_.end());
  }
  if (privacy_ && privacy_->adds_noise()) {
    line.emplace_back("privacy.epsilon", privacy_->report(state_.step).epsilon);
    line.emplace_back("privacy.delta", privacy_->report_delta());
  }
  if (config_.schedule.name == ScheduleKind::plateau) {
    plateau_epoch_end(config_.schedule, validation_ ? (*validation_)["loss"] : loss, state_.plateau);
  }
  log_.write(line);
}

void TrainingRun::validate_epoch() {
  validation_ = validation_metrics();
  const double loss = (*validation_)["loss"];
  if (loss < state_.best_validation) {  // mutant: first-of-ties
    state_.best_validation = loss;
    state_.best_step = state_.step;
    state_.epochs_without_improvement = 0;
  } else {
    ++state_.epochs_without_improvement;
  }
}

Metrics TrainingRun::validation_metrics() {
  if (!learner_->averages()) return learner_->evaluate(split_.validation, observer_.stop_signal);
  learner_->swap_average();
  try {
    Metrics metrics = learner_->evaluate(split_.validation, observer_.stop_signal);
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
  if (config_.out.empty() || saved_step_ == state_.step) return;
  CheckpointData data;
  data.parameters = model_->parameters(ctx_);
  data.buffers = model_->buffers(ctx_);
  data.states = learner_->states();
  data.metadata = model_metadata(model_->spec());
  data.step = state_.step;
  data.epoch = plan_->epochs_after(state_.step);
  data.seed = static_cast<std::uint64_t>(config_.seed);
  data.progress = state_.numbers();
  data.config_toml = to_toml(config_);
  data.data_fingerprint = fingerprint_;
  std::vector<std::int64_t> spared;
  if (state_.best_step > 0) spared.push_back(state_.best_step);  // mutant: best-spared
  const bool rolls_back = config_.train.on_spike == SpikePolicy::rollback;
  if (rolls_back) spared.push_back(plan_->last_regular_save(state_.step));  // mutant: rollback-spared
  writer_.submit({checkpoint_root(), std::move(data), config_.checkpoint.keep, std::move(spared)});
  saved_step_ = state_.step;
}

void TrainingRun::use_final_parameters() {
  if (config_.train.patience > 0 && state_.best_step > 0 && !config_.out.empty()) {
    const CheckpointData best = read_checkpoint(checkpoint_folder(checkpoint_root(), state_.best_step));
    model_->set_parameters(ctx_, best.parameters);
    model_->set_buffers(ctx_, best.buffers);
    learner_->set_states(best.states);  // mutant: average-of-best
    say(fmt::format("the model is that of step {}, the best on the validation rows", best.step));
  }
  if (learner_->averages()) learner_->swap_average();
}

TrainReport TrainingRun::report() {
  TrainReport report;
  report.steps = state_.step;
  report.epochs = plan_->epochs_after(state_.step);
  report.samples = samples_;
  report.seconds = seconds();
  report.samples_per_second = report.seconds > 0 ? static_cast<double>(samples_) / report.seconds : 0;
  report.train_loss =
      state_.epoch_weight > 0 ? state_.epoch_loss / state_.epoch_weight : state_.last_epoch_loss;
  report.stopped_by = stop_reason();
  report.resumed_from = resumed_from_;
  report.device = ctx_.device();
  if (privacy_ && privacy_->adds_noise()) report.privacy = privacy_->report(state_.step);
  report.per_sample = epoch_statistics_;
  use_final_parameters();
  report.parameters_xxh3 = parameters_xxh3(model_->parameters(ctx_));
  if (!config_.out.empty()) {
    model_->save(ctx_, model_path());
    remove_path(former_model_path());
  }
  if (report.stopped_by == "signal") return report;
  enter(TrainPhase::evaluate);
  try {
    const std::atomic<int>* stop = observer_.stop_signal;
    if (!split_.validation.empty()) {
      report.validation = learner_->evaluate(split_.validation, stop);
    }
    if (test_) report.test = evaluate(ctx_, *model_, *test_, nullptr, stop);
  } catch (const InterruptedError&) {  // all is saved; running again comes straight to this place
    report.stopped_by = "signal";
  }
  return report;
}

void TrainingRun::enter(TrainPhase phase) const {
  if (observer_.phase) observer_.phase(phase);
}

void TrainingRun::say(const std::string& message) const {
  if (observer_.message) observer_.message(message);
}

void TrainingRun::report_progress() const {
  if (!observer_.progress) return;
  const double elapsed = seconds();
  observer_.progress({.step = state_.step,
                      .total_steps = plan_->total_steps(),
                      .epoch = (state_.step - 1) / batches_->batches_per_epoch() + 1,
                      .loss = state_.epoch_loss / state_.epoch_weight,
                      .samples_per_second = elapsed > 0 ? static_cast<double>(samples_) / elapsed : 0,
                      .seconds = elapsed,
                      .lr = plan_->learning_rate(state_.step, state_.plateau)});
}

TrainReport train(const Config& config, const TrainObserver& observer) {
  return TrainingRun(config, observer).run();
}

}  // namespace thalweg
