#pragma once
#include <cstdint>
#include <string>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// What is wrong with the sizes or values of a transform to `features` inputs; empty: nothing.
std::string transform_problem(const FeatureTransform& transform, std::int64_t features);
/// The same of a transform of targets.
std::string transform_problem(const TargetTransform& transform);

}  // namespace thalweg
