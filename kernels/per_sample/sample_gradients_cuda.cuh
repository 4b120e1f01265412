#pragma once
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg::cuda {

void dense_gradients(const Device& device, const DenseSampleGradients& a);
void sparse_gradients(const Device& device, const SparseSampleGradients& a);
void layer_norm_gradients(const Device& device, const LayerNormSampleGradients& a);

}  // namespace thalweg::cuda
