#pragma once
#include "kernels/linear_step/linear_step.hpp"

namespace thalweg::THALWEG_ISA {

void dense_step(const Device& device, const DenseLinearStep& args);
void sparse_step(const Device& device, const SparseLinearStep& args);

}  // namespace thalweg::THALWEG_ISA
