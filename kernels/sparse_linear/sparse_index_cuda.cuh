#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::cuda {

void sparse_index(const Context& ctx, const SparseIndexArgs& args);

}  // namespace thalweg::cuda
