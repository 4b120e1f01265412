#pragma once
// Functions that the files of layer norm's CUDA backend share.
#include "kernels/layer_norm/layer_norm.hpp"

namespace thalweg::cuda {

/// layer_norm_backward_cuda.cu.
void layer_norm_backward(const Device& device, const LayerNormBackward& args);

}  // namespace thalweg::cuda
