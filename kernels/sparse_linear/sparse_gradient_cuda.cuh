#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::cuda {

void sparse_parameter_grad(const Context& ctx, const SparseParameterGrad& args);

}  // namespace thalweg::cuda
