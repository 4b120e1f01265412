#pragma once
// The parts of a run, and what they work on.
#include <memory>
#include <vector>

#include "host/run/out_folder.hpp"
#include "host/run/privacy.hpp"
#include "host/run/run_data.hpp"
#include "host/run/run_part.hpp"
#include "host/run/run_state.hpp"

namespace thalweg {

/// All of it outlives the parts.
struct RunView {
  const Config& config;
  const Config& asked;  ///< before rules chose what it leaves open
  const TrainObserver& observer;
  const OutFolder& out;
  const RunData& data;
  const Privacy* privacy;  ///< null: the run is not private
  const Model& model;
  const Learner& learner;
  RunState& state;
  bool epoch_pending;  ///< an epoch has ended whose line is not in the log yet
};

/// The parts that the config asks for, in the order in which they are called.
std::vector<std::unique_ptr<RunPart>> make_run_parts(const RunView& run);

}  // namespace thalweg
