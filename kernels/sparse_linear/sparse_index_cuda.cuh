#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::cuda {

void sparse_index(const Device& device, const SparseIndexArgs& args);

}  // namespace thalweg::cuda
