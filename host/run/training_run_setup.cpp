// How a run comes to its first step: the checkpoint that it goes on from, and its parts.
#include <fmt/format.h>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/run/defaults.hpp"
#include "host/run/preflight.hpp"
#include "host/run/run_parts.hpp"
#include "host/run/run_start.hpp"
#include "host/run/training_run.hpp"
#include "host/runtime/cuda_backend.hpp"

namespace thalweg {

TrainingRun::TrainingRun(const Config& config, const TrainObserver& observer, const ReadRunData& read,
                         ProcessRanks* ends)
    : run_(config, observer, ends), prepared_(run_, read) {
  compare_ranks();
  resume();
  parts_ = make_run_parts({.config = run_.config,
                           .asked = run_.asked,
                           .observer = run_.observer,
                           .out = run_.out,
                           .data = prepared_.data,
                           .privacy = prepared_.private_side(),
                           .model = prepared_.model,
                           .learner = prepared_.learner,
                           .state = state_,
                           .epoch_pending = epoch_pending()});
  if (run_.config.train.on_spike == SpikePolicy::rollback && state_.step == 0) save();
  run_.note(describe_defaults(run_.asked, run_.config));
  say_device();
  start_ = Clock::now();
}

void TrainingRun::compare_ranks() {
  ProcessRanks* const ends = run_.ranks.ends();
  if (ends == nullptr) return;
  const std::vector<SharedFact> facts = shared_facts(run_, prepared_);
  std::vector<std::string> names;
  for (int rank = 0; rank < ends->count(); ++rank) names.push_back(ends->calls().name_of(rank));
  require_equal_facts(facts, ends->gather_texts(to_text(facts)), names);
}

void TrainingRun::resume() {
  if (run_.config.out.empty()) return;
  checkpoints_.emplace(
      Checkpointed{
          .config = run_.config,
          .plan = prepared_.plan,
          .data_fingerprint = prepared_.data.fingerprint,
          .model = prepared_.model,
          .learner = prepared_.learner,
      },
      run_.out, [this](const std::string& note) { run_.say(note); });
  if (run_.ranks.leads()) go_on();
  share_start();
}

void TrainingRun::go_on() {
  run_.out.open();
  if (const std::optional<RunState> state = checkpoints_->resume()) state_ = *state;
  // A run that has ended keeps the config of the steps that it took.
  const std::string reason = stop_reason();
  const bool ended = !checkpoints_->resumed_from().empty() && !epoch_pending() && !reason.empty();
  if (!ended) write_file_atomically(run_.out.file(kConfigFile), to_toml(run_.config));
  if (!ended || run_.signalled()) return;
  ended_ = reason;
  if (run_.out.has_model()) stand_by_model();
}

/// The other ranks stand where rank 0 stands.
void TrainingRun::share_start() {
  if (run_.ranks.ends() == nullptr) return;
  TrainConfig& train = run_.config.train;
  const RunStart start =
      run_start_from(run_.ranks.text_of_leader(to_text({state_, ended_, train.metric, train.patience})));
  prepared_.learner.share_state();
  if (run_.ranks.leads()) return;
  state_ = start.state;
  ended_ = start.ended;
  train.metric = start.metric, train.patience = start.patience;
  prepared_.learner.set_steps(state_.step);
}

/// Another metric or patience would choose another epoch's parameters, in a run that takes no step by them.
void TrainingRun::stand_by_model() {
  if (!checkpoints_->former_choice()) return;
  const ModelChoice& former = *checkpoints_->former_choice();
  run_.config.train.metric = former.metric;
  run_.config.train.patience = former.patience;
  state_ = former.state;
}

void TrainingRun::say_device() const {
  if (run_.config.device != "auto") return;
  // A build without CUDA has nothing to explain; one with it says why it took the cpu.
  std::string reason;
  const bool explain = !cuda_usable(reason) && cuda_report().built;
  run_.say("device: " + run_.ctx.device() + (explain ? " (cuda: " + reason + ")" : ""));
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
  run_.say(fmt::format(
      "nothing to do: the run in {} has ended ({}); {} with checkpoint.on_change=allow makes it longer, "
      "checkpoint.resume=never starts it over",
      run_.config.out, ended_, longer_by(ended_)));
}

}  // namespace thalweg
