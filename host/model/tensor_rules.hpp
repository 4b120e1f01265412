#pragma once
// What tensors that a program hands over have to be.
#include <string>
#include <vector>

#include "host/model/parameter_plan.hpp"
#include "thalweg/named_tensor.hpp"

namespace thalweg {

/// Returns the tensors in the order of the entries. Throws ShapeError naming the first that is missing, given
/// twice or not among them, that has another shape or not as many values as its shape, and DataError for one
/// with a NaN.
std::vector<const NamedTensor*> matched(const std::vector<ParameterPlan::Entry>& entries,
                                        const std::vector<NamedTensor>& tensors);

}  // namespace thalweg
