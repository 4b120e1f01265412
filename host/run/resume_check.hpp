#pragma once
// Whether a checkpoint belongs to the run that wants to go on from it.
#include <string>
#include <vector>

#include "host/checkpoint/checkpoint.hpp"
#include "host/run/run_state.hpp"
#include "thalweg/config.hpp"

namespace thalweg {

/// What is other than it was when the checkpoint was written, and may be.
struct ResumeChanges {
  std::vector<std::string> notes;  ///< lines for the log
  std::vector<std::string>
      history;                  ///< "step 40: optimizer.lr 0.1 -> 0.01": those that change the run's bits
  bool other_metric = false;    ///< train.metric: the best epoch so far says nothing
  bool other_schedule = false;  ///< schedule.name: what a plateau has lowered so far says nothing

  /// Forgets of `state` what the changes make void.
  void apply(RunState& state) const;
};

/// Throws ConfigError naming the first setting that differs in a way that would change the run's bits, or
/// DataError when the data is another. What may differ: where results go, where the same data lie, the length
/// of the run (unless the schedule depends on it), device, threads, micro-batches, logging and checkpointing.
/// With checkpoint.on_change = allow rate, schedule, metric and length may, too.
ResumeChanges require_same_run(const std::string& folder, const CheckpointData& checkpoint,
                               const Config& config, const std::string& fingerprint);

}  // namespace thalweg
