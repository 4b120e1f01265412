#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::THALWEG_ISA {

void sparse_index(const Device& device, const SparseIndexArgs& args);

}  // namespace thalweg::THALWEG_ISA
