#pragma once
// Fast numerics of the linear layer: its products through cuBLASLt, with TF32 inputs from compute capability
// 8.0 on, float32 before, and sums in float32. Errors have derived bounds, and runs repeat on one machine.
// Layers of few outputs or few features are bound by memory and keep the exact kernels. Slices that come in
// several calls keep them too: their chains continue. Activations are separate calls: the library's ReLU does
// not define its result for a NaN, and its GELU is another one.
#include "kernels/linear/linear.hpp"

namespace thalweg {

inline bool has_fast_product(const Device& device, std::int64_t rows, std::int64_t features,
                             std::int64_t outputs) {
  return device.matrix_library != nullptr && rows > 0 && features > kFewOutputs && outputs > kFewOutputs;
}

// Each takes arguments of which has_fast_product holds.
void linear_forward_fast(const Device& device, const LinearForward& a);
void linear_input_grad_fast(const Device& device, const LinearInputGrad& a);
/// One call brings the batch of its slices. grad_bias keeps its exact order and bits.
void linear_parameter_grad_fast(const Device& device, const LinearParameterGrad& a);

}  // namespace thalweg
