#pragma once
// Decisions about the steps of a run that depend on config and data alone, as functions of the step or of the
// run's state.
#include <cstdint>
#include <string>

#include "host/run/run_state.hpp"
#include "thalweg/config.hpp"

namespace thalweg {

class RunPlan {
 public:
  /// `config` outlives the plan; batches_per_epoch >= 1. `epoch_work`: rows of an epoch times parameters of
  /// the model; it says how many epochs are worth a checkpoint where checkpoint.every_epochs leaves that
  /// open.
  RunPlan(const Config& config, std::int64_t batches_per_epoch, double epoch_work);

  std::int64_t total_steps() const;
  /// Epochs that are complete after `step` steps.
  std::int64_t epochs_after(std::int64_t step) const { return step / batches_per_epoch_; }
  bool epoch_ends_at(std::int64_t step) const { return step > 0 && step % batches_per_epoch_ == 0; }

  bool saves_regularly_at(std::int64_t step) const;
  /// The last step up to `step` with a regular checkpoint; 0: the beginning.
  std::int64_t last_regular_save(std::int64_t step) const;
  /// Returns the number of steps from `step` on, at most `limit`, that need no decision of the host.
  std::int64_t burst_length(std::int64_t step, std::int64_t limit) const;

  double learning_rate(std::int64_t step, const PlateauState& plateau) const;
  /// Why a run of `seconds` is over at `state`: steps, epochs, time, gradient, patience or loss; empty: it is
  /// not.
  std::string stop_reason(const RunState& state, double seconds) const;

 private:
  const Config* config_;
  std::int64_t batches_per_epoch_;
  std::int64_t epochs_between_saves_;  ///< 0: none
};

}  // namespace thalweg
