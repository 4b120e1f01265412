#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Brings targets in the unit of the data to that of the model.
void apply_target_transform(const TargetTransform& transform, Dataset& data);
/// Finds mean and deviation of the targets of `rows` and standardises all targets of `data`.
void standardize_target(Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
