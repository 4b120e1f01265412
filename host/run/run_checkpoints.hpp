#pragma once
// The checkpoints of a run: written, resumed from, rolled back to.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/checkpoint/checkpoint_writer.hpp"
#include "host/run/out_folder.hpp"
#include "host/run/resume_check.hpp"
#include "host/run/run_plan.hpp"
#include "host/run/run_state.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

/// What a checkpoint holds of a run, and what it puts back. All of it outlives the RunCheckpoints.
struct Checkpointed {
  const Config& config;
  const RunPlan& plan;
  const std::string& data_fingerprint;
  Model& model;
  Learner& learner;
};

/// By what a run chose its model, when its checkpoint was written.
struct ModelChoice {
  std::string metric;
  std::int64_t patience = 0;
  RunState state;
};

class RunCheckpoints {
 public:
  RunCheckpoints(const Checkpointed& run, const OutFolder& out, OutFolder::Note note)
      : run_(run), out_(out), note_(std::move(note)) {}

  /// Puts back what checkpoint.resume asks for and gives where the run stands; none: it begins. Throws
  /// ConfigError or DataError for a checkpoint of another run.
  std::optional<RunState> resume();
  /// Keeps the parameters of this step in memory; they are written with the next checkpoint of a later step.
  /// To write each improvement of a short run would take longer than the run.
  void keep_best(const RunState& state);
  /// Submits a checkpoint, unless that of this step is there.
  void save(const RunState& state);
  /// Throws what a checkpoint met that was submitted before, if that is known by now.
  void check() { writer_.check(); }
  /// Waits until all are on the disk.
  void finish() { writer_.finish(); }
  /// Puts back parameters, states and running statistics of the checkpoint of `step`, on all ranks, and gives
  /// its folder.
  std::string put_back(std::int64_t step);
  const std::string& resumed_from() const { return resumed_from_; }
  /// None unless the run goes on from a checkpoint of its own folder.
  const std::optional<ModelChoice>& former_choice() const { return former_choice_; }

 private:
  RunState restore(const std::string& path, const CheckpointData& data);
  void put_back(const CheckpointData& data);
  void apply(const ResumeChanges& changes, RunState& state);
  bool is_own(const std::string& folder) const;
  void take_best_along(const std::string& folder, RunState& state);
  CheckpointData checkpoint_of(const RunState& state) const;
  /// Without a folder the run is that of a rank that follows: it takes part where ranks gather states.
  bool writes() const { return out_.given(); }
  void take_part() const { static_cast<void>(run_.learner.states()); }
  void submit(const RunState& state, CheckpointData data);

  Checkpointed run_;
  const OutFolder& out_;
  OutFolder::Note note_;
  CheckpointWriter writer_;
  std::optional<std::pair<RunState, CheckpointData>> best_;  ///< not on the disk yet
  std::vector<std::string> history_;                         ///< of the settings
  std::int64_t saved_step_ = -1;
  std::string resumed_from_;
  std::optional<ModelChoice> former_choice_;
};

}  // namespace thalweg
