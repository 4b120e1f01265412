#pragma once
// What the log of a run says of a step and of an epoch, whoever writes it down.
#include "host/run/run_part.hpp"
#include "host/run/sample_statistics.hpp"

namespace thalweg {

/// Whether train.log_every_steps asks for a line of the step.
inline bool is_logged(const StepReport& step, std::int64_t every_steps) {
  return every_steps > 0 && step.step % every_steps == 0;
}

NamedNumbers line_of(const StepReport& step, const Progress& progress);
NamedNumbers line_of(const EpochReport& epoch);

}  // namespace thalweg
