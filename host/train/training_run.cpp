#include "host/train/training_run.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "host/model/model_file.hpp"
#include "host/model/objective.hpp"
#include "host/train/resume_check.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

TargetUse target_use(const std::string& loss) {
  if (loss == "auto") return TargetUse::automatic;
  return is_classification_loss(loss) ? TargetUse::classes : TargetUse::numbers;
}

ContextOptions context_options(const Config& config) {
  return {.device = config.device,
          .numerics = config.numerics == "fast" ? Numerics::fast : Numerics::exact,
          .threads = static_cast<int>(config.train.threads)};
}

std::string checkpoint_root(const Config& config) { return config.out + "/checkpoints"; }

}  // namespace

TrainingRun::TrainingRun(const Config& config, const TrainObserver& observer)
    : config_(config), observer_(observer), ctx_(context_options(config)), start_(Clock::now()) {}

TrainReport TrainingRun::run() {
  prepare();
  while (stop_reason().empty()) {
    after_step(take_step());
    const bool epoch_done = state_.step % batches_->batches_per_epoch() == 0;
    if (epoch_done) finish_epoch();
    const std::int64_t every = config_.checkpoint.every_steps;
    const bool asked = observer_.save_signal != nullptr && observer_.save_signal->exchange(0) != 0;
    if (epoch_done || asked || (every > 0 && state_.step % every == 0)) save();
  }
  save();
  return report();
}

void TrainingRun::prepare() {
  validate_config(config_);
  load_data();
  const ModelSpec spec =
      resolve_model(config_.model, schema_of(train_), static_cast<std::uint64_t>(config_.seed));
  model_.emplace(ctx_, spec);
  check_targets(train_, spec);
  if (test_) check_targets(*test_, spec);
  batches_.emplace(split_.train, config_.train.batch_size, static_cast<std::uint64_t>(config_.seed),
                   config_.train.shuffle, config_.train.drop_last);
  if (batches_->batches_per_epoch() == 0) {
    throw ConfigError("train.drop_last leaves no batch: fewer rows than train.batch_size");
  }
  make_learner();
  resume();
  first_step_ = state_.step;
  start_ = Clock::now();
}

void TrainingRun::make_learner() {
  LearnerOptions options{.optimizer = config_.optimizer,
                         .per_sample = per_sample_options(config_.per_sample),
                         .max_batch = std::min<std::int64_t>(config_.train.batch_size,
                                                             static_cast<std::int64_t>(split_.train.size())),
                         .micro_batch = config_.train.micro_batch,
                         .reduction_slices = static_cast<int>(config_.train.reduction_slices)};
  if (config_.per_sample.poisson()) {
    privacy_.emplace(config_, train_, split_.train, total_steps());
    privacy_->set_options(options);
    for (const std::string& note : privacy_->notes()) say(note);
  }
  learner_ = std::make_unique<Learner>(ctx_, *model_, train_, options);
  if (config_.per_sample.statistics) statistics_.emplace(train_, config_.per_sample.clip_norm);
}

void TrainingRun::load_data() {
  train_ = read_training_data(config_.data, target_use(config_.model.loss));
  if (train_.target.empty()) throw DataError(train_.source + ": no target to train on; data.target names it");
  split_ =
      split_rows(train_.rows, config_.data.validation_fraction, static_cast<std::uint64_t>(config_.seed));
  if (split_.train.empty()) throw DataError(train_.source + ": no rows to train on");
  if (!config_.data.test.empty() || !config_.data.test_rows.empty()) {
    const std::string& path = config_.data.test.empty() ? config_.data.train : config_.data.test;
    test_ = read_data_as(config_.data, path, config_.data.test_target, config_.data.test_rows,
                         schema_of(train_), true);
  }
  fingerprint_ = fingerprint(train_, config_.data.fingerprint == "full");
}

void TrainingRun::resume() {
  if (config_.out.empty()) return;
  create_folders(config_.out);
  const std::string& how = config_.checkpoint.resume;
  if (how == "auto") {
    std::vector<std::string> damaged;
    const auto newest = newest_valid_checkpoint(checkpoint_root(config_), damaged);
    for (const std::string& report : damaged) say(report);
    if (newest) restore(*newest);
  } else if (how != "never") {
    restore(how);
  } else {
    remove_checkpoints(checkpoint_root(config_));
  }
  write_file_atomically(config_.out + "/config.toml", to_toml(config_));
  log_ = MetricsLog(config_.out + "/metrics.jsonl", state_.step);
}

void TrainingRun::restore(const std::string& folder) {
  const CheckpointData data = read_checkpoint(folder);
  require_same_run(folder, data, config_, fingerprint_);
  model_->set_parameters(ctx_, data.parameters);
  model_->set_buffers(ctx_, data.buffers);
  learner_->set_states(data.states);
  learner_->set_steps(data.step);
  state_ = RunState::from(data.progress, data.step);
  saved_step_ = data.step;
  resumed_from_ = folder;
  say(fmt::format("resumed from {} at step {}", folder, data.step));
}

std::vector<std::int64_t> TrainingRun::next_rows() const {
  if (privacy_) return privacy_->sampler().rows(static_cast<std::uint64_t>(state_.step + 1));
  return batches_->rows(epoch(), state_.step % batches_->batches_per_epoch());
}

StepResult TrainingRun::take_step() {
  const std::vector<std::int64_t> rows = next_rows();
  samples_ += static_cast<std::int64_t>(rows.size());
  try {
    StepResult result = learner_->step(rows, learning_rate());
    if (statistics_) statistics_->add(rows, result);
    return result;
  } catch (const DivergedError&) {
    save();
    throw;
  }
}

void TrainingRun::after_step(const StepResult& result) {
  ++state_.step;
  state_.epoch_loss += result.loss_sum;
  state_.epoch_weight += result.weight_sum;
  state_.gradient_norm = result.gradient_norm;
  report_progress();
  const std::int64_t every = config_.train.log_every_steps;
  if (every > 0 && state_.step % every == 0) {
    log_.write({{"step", static_cast<double>(state_.step)},
                {"loss", result.loss_sum / result.weight_sum},
                {"gradient_norm", result.gradient_norm},
                {"lr", learning_rate()},
                {"seconds", seconds()}});
  }
}

void TrainingRun::finish_epoch() {
  const double loss = state_.epoch_loss / state_.epoch_weight;
  state_.epoch_loss_change = std::abs(loss - state_.last_epoch_loss);
  if (std::isnan(state_.epoch_loss_change))
    state_.epoch_loss_change = std::numeric_limits<double>::infinity();
  state_.last_epoch_loss = loss;
  state_.epoch_loss = state_.epoch_weight = 0;
  std::vector<std::pair<std::string, double>> line{{"step", static_cast<double>(state_.step)},
                                                   {"epoch", static_cast<double>(epoch())},
                                                   {"train.loss", loss},
                                                   {"lr", learning_rate()},
                                                   {"seconds", seconds()}};
  if (!split_.validation.empty()) {
    validate_epoch();
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
  if (config_.schedule.name == "plateau") {
    plateau_epoch_end(config_.schedule, validation_ ? (*validation_)["loss"] : loss, state_.plateau);
  }
  log_.write(line);
}

void TrainingRun::validate_epoch() {
  if (learner_->averages()) learner_->swap_average();
  validation_ = evaluate(ctx_, *model_, train_, &split_.validation);
  if (learner_->averages()) learner_->swap_average();
  const double loss = (*validation_)["loss"];
  if (loss < state_.best_validation) {
    state_.best_validation = loss;
    state_.best_step = state_.step;
    state_.epochs_without_improvement = 0;
  } else {
    ++state_.epochs_without_improvement;
  }
}

double TrainingRun::learning_rate() const {
  const ScheduleContext run{total_steps(), batches_->batches_per_epoch()};
  return plateau_lr(config_.schedule, scheduled_lr(config_.schedule, config_.optimizer.lr, run, state_.step),
                    state_.plateau);
}

std::int64_t TrainingRun::total_steps() const {
  const std::int64_t by_epochs = config_.train.epochs * batches_->batches_per_epoch();
  return config_.train.max_steps > 0 ? std::min(by_epochs, config_.train.max_steps) : by_epochs;
}

std::string TrainingRun::stop_reason() const {
  const TrainConfig& train = config_.train;
  if (signalled()) return "signal";
  if (train.max_steps > 0 && state_.step >= train.max_steps) return "steps";
  if (state_.step >= train.epochs * batches_->batches_per_epoch()) return "epochs";
  if (train.max_seconds > 0 && seconds() >= train.max_seconds) return "time";
  if (train.gradient_tolerance > 0 && state_.gradient_norm < train.gradient_tolerance) return "gradient";
  const bool at_epoch = state_.step > 0 && state_.step % batches_->batches_per_epoch() == 0;
  if (at_epoch && train.patience > 0 && state_.epochs_without_improvement >= train.patience)
    return "patience";
  if (at_epoch && train.loss_tolerance > 0 && state_.epoch_loss_change < train.loss_tolerance) return "loss";
  return {};
}

void TrainingRun::save() {
  if (config_.out.empty() || saved_step_ == state_.step) return;
  CheckpointData data;
  data.parameters = model_->parameters(ctx_);
  data.buffers = model_->buffers(ctx_);
  data.states = learner_->states();
  data.metadata = model_metadata(model_->spec());
  data.step = state_.step;
  data.epoch = epoch();
  data.seed = static_cast<std::uint64_t>(config_.seed);
  data.progress = state_.numbers();
  data.config_toml = to_toml(config_);
  data.data_fingerprint = fingerprint_;
  const std::string root = checkpoint_root(config_);
  write_checkpoint(checkpoint_folder(root, state_.step), data);
  prune_checkpoints(root, config_.checkpoint.keep,
                    state_.best_step > 0 ? checkpoint_folder(root, state_.best_step) : "");
  saved_step_ = state_.step;
}

void TrainingRun::use_final_parameters() {
  if (config_.train.patience > 0 && state_.best_step > 0 && !config_.out.empty()) {
    const CheckpointData best =
        read_checkpoint(checkpoint_folder(checkpoint_root(config_), state_.best_step));
    model_->set_parameters(ctx_, best.parameters);
    model_->set_buffers(ctx_, best.buffers);
    learner_->set_states(best.states);
    say(fmt::format("the model is that of step {}, the best on the validation rows", best.step));
  }
  if (learner_->averages()) learner_->swap_average();
}

TrainReport TrainingRun::report() {
  TrainReport report;
  report.steps = state_.step;
  report.epochs = epoch();
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
  if (!config_.out.empty()) model_->save(ctx_, config_.out + "/model.safetensors");
  if (report.stopped_by == "signal") return report;
  if (!split_.validation.empty()) report.validation = evaluate(ctx_, *model_, train_, &split_.validation);
  if (test_) report.test = evaluate(ctx_, *model_, *test_);
  return report;
}

void TrainingRun::say(const std::string& message) const {
  if (observer_.message) observer_.message(message);
}

void TrainingRun::report_progress() const {
  if (!observer_.progress) return;
  const double elapsed = seconds();
  observer_.progress({.step = state_.step,
                      .total_steps = total_steps(),
                      .epoch = (state_.step - 1) / batches_->batches_per_epoch() + 1,
                      .loss = state_.epoch_loss / state_.epoch_weight,
                      .samples_per_second = elapsed > 0 ? static_cast<double>(samples_) / elapsed : 0,
                      .seconds = elapsed,
                      .lr = learning_rate()});
}

TrainReport train(const Config& config, const TrainObserver& observer) {
  return TrainingRun(config, observer).run();
}

}  // namespace thalweg
