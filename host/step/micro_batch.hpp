#pragma once
// The number of rows of a batch that pass through the model at once. It changes no bit (docs/numerics.md).
#include <cstdint>

#include "host/model/network.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// options.micro_batch, or the whole batch where that is left open.
std::int64_t asked_rows(const LearnerOptions& options);

/// Returns the rows of a micro-batch. The default differs for a linear model of several outputs on the cpu:
/// as many rows as stay in a cache between its two passes over them.
std::int64_t micro_rows(const Context& ctx, const Network& network, const Dataset& data,
                        const LearnerOptions& options);

}  // namespace thalweg
