#pragma once
// What a run is asked for, who watches it, where it computes and where it writes.
#include <string>

#include "host/run/out_folder.hpp"
#include "host/run/run_ranks.hpp"
#include "thalweg/config.hpp"
#include "thalweg/context.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

struct RunEnvironment {
  /// Throws ConfigError for a config out of range before it opens the device. `ends`: of this process, where
  /// several share the run. Observer and ends outlive it.
  RunEnvironment(const Config& config, const TrainObserver& observer, ProcessRanks* ends = nullptr);
  RunEnvironment(const RunEnvironment&) = delete;  // the parts of a run keep references
  RunEnvironment& operator=(const RunEnvironment&) = delete;

  bool signalled() const { return observer.stop_signal != nullptr && observer.stop_signal->load() != 0; }
  void enter(TrainPhase phase) const;
  void say(const std::string& message) const;
  /// Says nothing for an empty note.
  void note(const std::string& message) const;

  Config config;       ///< with what rules and the data have chosen so far
  const Config asked;  ///< before rules chose what it leaves open
  RunRanks ranks;
  const TrainObserver& observer;
  Context ctx;
  OutFolder out;  ///< locked until the environment ends; of ranks, the first alone has one
};

}  // namespace thalweg
