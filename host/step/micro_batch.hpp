#pragma once
// How many rows of a batch a step brings through the model at once. It changes no bit (docs/numerics.md).
#include <cstdint>

#include "host/model/network.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// options.micro_batch, or the whole batch where that is left open.
std::int64_t asked_rows(const LearnerOptions& options);

/// The same, but where it is left open, on the cpu no more rows of a linear model of several outputs than
/// stay in a cache between its two passes over them.
std::int64_t micro_rows(const Context& ctx, const Network& network, const Dataset& data,
                        const LearnerOptions& options);

}  // namespace thalweg
