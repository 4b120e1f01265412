#pragma once
// What a learner checks of what it is given.
#include <cstdint>

#include "thalweg/learner.hpp"

namespace thalweg {

/// Throws ConfigError for options out of range, ShapeError for batches of rows that the data do not have, and
/// InternalError where the memory of a step is beyond any machine's. What a part of the learner checks when
/// it is made is not among them.
void require_options(const Model& model, const Dataset& data, const LearnerOptions& options);

/// Throws ConfigError if the learning rate of a step is negative, NaN or so large that parameters overflow.
void require_rate(double lr);
/// Throws ConfigError if a number of steps taken is negative.
void require_steps(std::int64_t steps);

}  // namespace thalweg
