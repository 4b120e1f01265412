#include "host/run/run_checkpoints.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "host/config/config_text.hpp"
#include "host/run/resume_check.hpp"
#include "host/step/training_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

namespace {

ModelChoice choice_of(const CheckpointData& data, const std::string& folder, const RunState& state) {
  Config saved;
  read_config_text(data.config_toml, folder + "/config.toml", saved);
  return {saved.train.metric, saved.train.patience, state};
}

}  // namespace

std::optional<RunState> RunCheckpoints::resume() {
  const std::string& how = run_.config.checkpoint.resume;
  const std::optional<Resume> word = value_named<Resume>(how);
  if (word == Resume::never) {
    remove_checkpoints(out_.checkpoints());
    return std::nullopt;
  }
  const bool named = word != Resume::automatic;
  if (named && (is_checkpoint(how) || !path_exists(checkpoint_root(how))))
    return restore(how, read_checkpoint(how));
  const std::string root = named ? checkpoint_root(how) : out_.checkpoints();
  std::vector<std::string> damaged;
  const std::optional<StoredCheckpoint> newest = read_newest_checkpoint(root, damaged);
  for (const std::string& report : damaged) note_(report);
  if (!newest && named)
    throw NoInputError(fmt::format("checkpoint.resume = {}: the run has no valid checkpoint", how));
  if (!newest) return std::nullopt;
  return restore(newest->folder, newest->data);
}

RunState RunCheckpoints::restore(const std::string& path, const CheckpointData& data) {
  const std::string folder = path.substr(0, path.find_last_not_of('/') + 1);
  const ResumeChanges changes = require_same_run(folder, data, run_.config, run_.data_fingerprint);
  put_back(data);
  run_.learner.set_steps(data.step);  // mutant: steps-restored
  writer_.set_valid(folder);
  resumed_from_ = folder;
  note_(fmt::format("resumed from {} at step {}", folder, data.step));
  for (const std::string& note : changes.notes) note_(note);
  history_ = data.history;
  history_.insert(history_.end(), changes.history.begin(), changes.history.end());
  RunState state = RunState::from(data.progress, data.step, folder);
  if (is_own(folder)) former_choice_ = choice_of(data, folder, state);
  apply(changes, state);
  if (former_choice_) {
    saved_step_ = data.step;
  } else {
    take_best_along(folder, state);
  }
  return state;
}

/// A run that has ended keeps its best epoch: none is to come that another metric would judge.
void RunCheckpoints::apply(const ResumeChanges& changes, RunState& state) {
  RunState changed = state;
  changes.apply(changed);
  const bool pending = run_.plan.epoch_ends_at(state.step) && state.epoch_weight > 0;
  if (!pending && !run_.plan.stop_reason(changed, 0).empty()) return;
  if (changes.other_metric && state.best_step > 0)
    note_(fmt::format(
        "the best epoch so far, that of step {}, was judged by another metric and is forgotten: the "
        "run looks for the best by {} among the epochs to come",
        state.best_step, run_.config.train.metric));
  state = changed;
}

bool RunCheckpoints::is_own(const std::string& folder) const {
  std::error_code none;
  return std::filesystem::equivalent(std::filesystem::absolute(folder).parent_path(), out_.checkpoints(),
                                     none);
}

/// The run may end with the parameters of the best epoch, so they have to be in its own folder.
void RunCheckpoints::take_best_along(const std::string& folder, RunState& state) {
  if (state.best_step == 0) return;
  const std::string best =
      state.best_step == state.step ? folder : checkpoint_folder(parent_of(folder), state.best_step);
  if (is_checkpoint(best)) {
    CheckpointData data = read_checkpoint(best);
    const RunState then = RunState::from(data.progress, data.step, best);
    best_.emplace(then, std::move(data));
    return;
  }
  note_(fmt::format(
      "the best checkpoint {} is not there: the run looks for the best among the epochs to come", best));
  state.forget_best();
}

void RunCheckpoints::put_back(const CheckpointData& data) {
  restore_model_state(run_.model.context(), data, run_.model.network());
  run_.learner.set_states(data.states);  // mutant: average-of-best
}

std::string RunCheckpoints::put_back(std::int64_t step) {
  writer_.finish();
  const std::string folder = checkpoint_folder(out_.checkpoints(), step);
  if (writes()) put_back(read_checkpoint(folder));
  run_.learner.share_state();
  return folder;
}

void RunCheckpoints::keep_best(const RunState& state) {
  if (!writes()) return take_part();
  best_.emplace(state, checkpoint_of(state));
}

void RunCheckpoints::save(const RunState& state) {
  if (saved_step_ == state.step) return;
  saved_step_ = state.step;
  if (!writes()) return take_part();
  if (best_ && best_->first.step < state.step) submit(best_->first, std::move(best_->second));
  best_.reset();
  submit(state, checkpoint_of(state));
}

CheckpointData RunCheckpoints::checkpoint_of(const RunState& state) const {
  CheckpointData data = training_state(run_.model.context(), run_.model.network(), run_.learner);
  data.step = state.step;
  data.epoch = run_.plan.epochs_after(state.step);
  data.seed = static_cast<std::uint64_t>(run_.config.seed);
  data.progress = state.numbers();
  data.config_toml = to_toml(run_.config);
  data.data_fingerprint = run_.data_fingerprint;
  data.history = history_;
  return data;
}

void RunCheckpoints::submit(const RunState& state, CheckpointData data) {
  std::vector<std::int64_t> spared;
  if (state.best_step > 0) spared.push_back(state.best_step);  // mutant: best-spared
  if (run_.config.train.on_spike == SpikePolicy::rollback)     // mutant: rollback-spared
    spared.push_back(run_.plan.last_regular_save(state.step));
  writer_.submit({out_.checkpoints(), std::move(data), run_.config.checkpoint.keep, std::move(spared)});
}

}  // namespace thalweg
