#pragma once
// Categories that stand in held-out rows alone.
#include <cstdint>
#include <vector>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// A held-out row's category that no row of `fit` has is unseen, as it would be in a file of its own: it is
/// left out and counted, or refused with a DataError. Held out is what is not in `train`; cells are indices
/// into transform.categories, which keeps those that rows of `train` have: no input is of the others.
void match_held_out(const std::vector<std::int64_t>& train, const std::vector<std::int64_t>& fit,
                    FeatureTransform& transform, Unseen unseen, RawData& raw);

}  // namespace thalweg
