#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::cuda {

void sparse_parameter_grad(const Device& device, const SparseParameterGrad& args);

}  // namespace thalweg::cuda
