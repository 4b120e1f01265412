#pragma once
// Checks of rows by themselves, where all of them are not at hand.
#include <span>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// Throw DataError that names the first row whose weight is negative, or whose target or weight is not finite
/// in float32.
void require_weights(const RowOrigin& origin, std::span<const float> weights);
void require_targets(const RowOrigin& origin, std::span<const double> targets);

}  // namespace thalweg
