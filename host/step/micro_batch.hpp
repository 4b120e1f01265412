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

/// Gradient arenas of a learner, which has `options.micro_batch` rows at a time, 0 for the whole batch. The
/// parts of a batch take one for each level of the slice tree, besides that of the gradient. Ranks have
/// memory of their own for the sums of parts.
std::int64_t gradient_arenas(const LearnerOptions& options);

}  // namespace thalweg
