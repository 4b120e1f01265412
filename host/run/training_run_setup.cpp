// What a run does before its first step: data, model, settings left open, and the checkpoint it goes on from.
#include <fmt/format.h>

#include <algorithm>

#include "host/checkpoint/files.hpp"
#include "host/config/choice.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "host/data/checked_data.hpp"
#include "host/model/network.hpp"
#include "host/run/defaults.hpp"
#include "host/run/lazy_note.hpp"
#include "host/run/learner_options.hpp"
#include "host/run/numerics_note.hpp"
#include "host/run/output_bias.hpp"
#include "host/run/row_order.hpp"
#include "host/run/run_parts.hpp"
#include "host/run/run_summary.hpp"
#include "host/run/training_run.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/lane.hpp"
#include "host/step/memory_plan.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

void TrainingRun::prepare() {
  out_.lock_existing();
  config_ = with_data_defaults(config_);
  data_ = read_data_(config_, observer_.reading);
  enter(TrainPhase::train);
  if (const std::string note = numerics_note(ctx_); !note.empty()) say(note);
  make_model();
  if (const std::string note = lazy_note(config_.optimizer, data_.train); !note.empty()) say(note);
  say_what_was_read();
  if (const std::string note = learner_->loading().note; !note.empty()) say(note);
  resume();
  parts_ = make_run_parts({.config = config_,
                           .observer = observer_,
                           .out = out_,
                           .data = data_,
                           .privacy = privacy_ ? &*privacy_ : nullptr,
                           .learner = *learner_,
                           .state = state_,
                           .epoch_pending = epoch_pending()});
  if (config_.train.on_spike == SpikePolicy::rollback && state_.step == 0) save();
  if (const std::string note = describe_defaults(asked_, config_); !note.empty()) say(note);
  say_device();
  start_ = Clock::now();
}

void TrainingRun::make_model() {
  const Lane lane(ctx_);
  const auto seed = static_cast<std::uint64_t>(config_.seed);
  const ModelSpec spec = resolve_model(model_config(config_, data_), schema_of(data_.train), seed);
  check_targets(data_, spec);
  require_metric(spec);
  choose_defaults(spec);
  const std::vector<std::int64_t>& rows = data_.split.train;
  batches_.emplace(rows, config_.train.batch_size, seed, config_.train.shuffle, config_.train.drop_last,
                   block_order_of(config_, data_.train));
  const double parameters = static_cast<double>(Network(spec).plan().arena_size());
  plan_.emplace(config_, batches_->batches_per_epoch(), static_cast<double>(rows.size()) * parameters);
  const LearnerOptions options = options_of_learner();
  plan_memory_of(spec, options);
  model_.emplace(ctx_, spec);
  start_output_bias(config_, data_.train, rows, *model_);
  learner_ = std::make_unique<Learner>(*model_, CheckedData{data_.train}, options);
  if (data_.validation) validation_.emplace(ctx_, *data_.validation);
  summary_ = summarize(config_, data_, spec);
}

/// What is left open depends on the data. The config that is saved and compared on resume is the whole one.
void TrainingRun::choose_defaults(const ModelSpec& spec) {
  RunShape shape = run_shape(data_.train, data_.split.train, spec);
  shape.target_by_rule = asked_.data.standardize_target == Tristate::automatic;
  config_ = with_run_defaults(config_, shape);
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
  // A run that has ended keeps the config of the steps that it took.
  const std::string reason = stop_reason();
  const bool ended = !checkpoints_->resumed_from().empty() && !epoch_pending() && !reason.empty();
  if (!ended) write_file_atomically(out_.file("config.toml"), to_toml(config_));
  if (!ended || signalled()) return;
  ended_ = reason;
  if (out_.has_model()) stand_by_model();
}

/// Another metric or patience would choose another epoch's parameters, in a run that takes no step by them.
void TrainingRun::stand_by_model() {
  if (!checkpoints_->former_choice()) return;
  const ModelChoice& former = *checkpoints_->former_choice();
  config_.train.metric = former.metric;
  config_.train.patience = former.patience;
  state_ = former.state;
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

namespace {

/// The setting that lets a run go on that has ended for that reason.
const char* longer_by(const std::string& reason) {
  if (reason == "steps") return "more train.max_steps";
  if (reason == "time") return "more train.max_seconds";
  if (reason == "gradient") return "a smaller train.gradient_tolerance";
  if (reason == "patience") return "more train.patience";
  return reason == "loss" ? "a smaller train.loss_tolerance" : "more train.epochs";
}

}  // namespace

void TrainingRun::say_nothing_to_do() const {
  if (ended_.empty()) return;
  say(fmt::format(
      "nothing to do: the run in {} has ended ({}); {} with checkpoint.on_change=allow makes it longer, "
      "checkpoint.resume=never starts it over",
      config_.out, ended_, longer_by(ended_)));
}

}  // namespace thalweg
