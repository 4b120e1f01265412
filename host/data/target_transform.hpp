#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Brings targets in the unit of the data to that of the model.
void apply_target_transform(const TargetTransform& transform, Dataset& data);

}  // namespace thalweg
