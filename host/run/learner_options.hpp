#pragma once
// The bridge from a config to what a learner does: everything that trains as a config says goes this way.
#include "host/run/privacy.hpp"
#include "host/step/step_rows.hpp"
#include "thalweg/config.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// Options of steps on batches of `rows` training rows. `privacy` is there where Poisson sampling draws the
/// batches; it and `batches` have to outlive the learner.
LearnerOptions learner_options(const Config& config, std::int64_t rows, const EpochBatches* batches = nullptr,
                               const Privacy* privacy = nullptr);

/// The rows of step `step`, counted from 0: Poisson sampling draws a list; else the device computes them.
StepRows rows_of_step(const EpochBatches& batches, const Privacy* privacy, std::int64_t step);

}  // namespace thalweg
