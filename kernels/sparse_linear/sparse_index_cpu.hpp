#pragma once
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::THALWEG_ISA {

void sparse_index(const Context& ctx, const SparseIndexArgs& args);

}  // namespace thalweg::THALWEG_ISA
