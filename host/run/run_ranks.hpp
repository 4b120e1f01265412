#pragma once
// The processes that share a run. Each runs all of it, and all decide the same by what they hear of each
// other; rank 0 alone writes and speaks. A run of one process calls the same functions, which then do
// nothing.
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "host/ranks/process_ranks.hpp"
#include "thalweg/context.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

class RunRanks {
 public:
  /// `ends`: null where the run has one process. Both outlive it. Throws ConfigError for settings that the
  /// processes cannot share.
  RunRanks(ProcessRanks* ends, const Config& config, const TrainObserver& given);
  RunRanks(const RunRanks&) = delete;
  RunRanks& operator=(const RunRanks&) = delete;

  bool leads() const { return ends_ == nullptr || ends_->rank() == 0; }
  /// What the run reports to and obeys: signals are those that all ranks have heard of.
  const TrainObserver& observer() const { return ends_ == nullptr ? given_ : shared_; }
  /// Threads of this process where the config asks for so many; 0: all that no other rank has.
  int threads(std::int64_t asked) const;
  /// For a learner whose batch the processes share.
  LearnerOptions options(LearnerOptions options) const;
  /// Null where the run has one process.
  ProcessRanks* ends() const { return ends_; }

  /// Before a step: says whether this process is asked to stop, and how long it has trained.
  void say(std::int64_t step, double seconds);
  /// After a step: what all have said.
  void hear();
  /// By which the run ends: rank 0's at its last step.
  double seconds(double own) const { return ends_ == nullptr ? own : seconds_; }
  /// Leaves a text of rank 0 with all.
  std::string text_of_leader(const std::string& own) const {
    return ends_ == nullptr ? own : ends_->text_of_leader(own);
  }
  /// Waits until rank 0 has saved.
  void meet() const {
    if (ends_ != nullptr) ends_->meet();
  }
  /// Throws RankError naming the ranks that have other parameters after `step` than most: their checksums are
  /// compared. `own` finds this rank's, where there are others.
  void require_equal_parameters(std::int64_t step, const std::function<std::string()>& own) const;
  /// The processes part: rank 0 goes on alone, and obeys its own signals again.
  void finish();

 private:
  ProcessRanks* ends_;
  const TrainObserver& given_;
  TrainObserver shared_;
  std::atomic<int> stop_ = 0, save_ = 0;
  double seconds_ = 0;
};

}  // namespace thalweg
