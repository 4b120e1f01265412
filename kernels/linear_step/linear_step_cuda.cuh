#pragma once
// The step's files on CUDA, one per kind of rows.
#include "kernels/linear_step/linear_step.hpp"

namespace thalweg::cuda {

void dense_step(const Device& device, const DenseLinearStep& a);
void sparse_step(const Device& device, const SparseLinearStep& a);

}  // namespace thalweg::cuda
