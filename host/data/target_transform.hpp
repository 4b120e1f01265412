#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Brings targets in the unit of the data to that of the model; `numbers` holds them in double.
void apply_target_transform(const TargetTransform& transform, const std::vector<double>& numbers,
                            Dataset& data);
/// Finds mean and deviation of the targets of `rows` and standardises all targets of `data`.
void standardize_target(const std::vector<double>& numbers, const std::vector<std::int64_t>& rows,
                        Dataset& data);

/// The number of the data that is stored as `stored`: of those, the one with the fewest digits.
double raw_target(const TargetTransform& transform, float stored);

}  // namespace thalweg
