#pragma once
// The bridge from a config to what a learner does: everything that trains as a config says goes this way.
#include "host/run/privacy.hpp"
#include "thalweg/config.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// Options of steps on batches of `rows` training rows. `privacy` is there where Poisson sampling draws the
/// batches; it and `batches` have to outlive the learner.
LearnerOptions learner_options(const Config& config, std::int64_t rows, const EpochBatches* batches = nullptr,
                               const Privacy* privacy = nullptr);

}  // namespace thalweg
