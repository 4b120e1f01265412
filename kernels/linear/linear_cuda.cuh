#pragma once
// Functions that the files of the linear layer's CUDA backend share. Each file has one family of kernels, so
// that none takes long to compile.
#include "kernels/base/gradient_chains.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::cuda {

/// linear_forward_cuda.cu and linear_forward_converted_cuda.cu: more than kFewOutputs outputs; rows of floats
/// as they are, and rows that are converted or scaled on the way.
void linear_forward(const Device& device, const LinearForward& a);
void linear_forward_converted(const Device& device, const LinearForward& a);
/// linear_few_outputs_cuda.cu and linear_few_outputs_converted_cuda.cu: the sums of at most kFewOutputs
/// outputs; no activation.
void linear_forward_few(const Device& device, const LinearForward& a);
void linear_forward_few_converted(const Device& device, const LinearForward& a);

/// linear_input_grad_cuda.cu.
void linear_input_grad(const Device& device, const LinearInputGrad& a);

/// linear_parameter_grad_cuda.cu and linear_parameter_grad_converted_cuda.cu: continues the chains of the
/// slices that a call touches; there is at least one.
void linear_slice_products(const Device& device, const DenseRows& input, const ConstMatrix& grad_output,
                           const BatchSlices& slices, const GradientChains& chains);
void linear_slice_products_converted(const Device& device, const DenseRows& input,
                                     const ConstMatrix& grad_output, const BatchSlices& slices,
                                     const GradientChains& chains);

/// linear_slice_sums_cuda.cu: the tree over slices once a call completes the batch.
void linear_slice_sums(const Device& device, const BatchSlices& slices, const GradientChains& chains,
                       std::int64_t weights, std::int64_t outputs);

/// linear_cuda.cu: each of these for rows of either kind.
void linear_outputs(const Device& device, const LinearForward& a);
void linear_gradient_chains(const Device& device, const DenseRows& input, const ConstMatrix& grad_output,
                            const BatchSlices& slices, const GradientChains& chains);

}  // namespace thalweg::cuda
