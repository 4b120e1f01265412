// The linear layer's table on CUDA: which kernels a call takes.
#include "kernels/activation/activation.hpp"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear_cuda.cuh"
#include "kernels/linear/linear_fast.cuh"

namespace thalweg {
namespace cuda {

void linear_outputs(const Device& device, const LinearForward& a) {
  const bool converted = is_converted(a.input);
  if (a.output.cols > kFewOutputs)
    return converted ? linear_forward_converted(device, a) : linear_forward(device, a);
  LinearForward few = a;
  few.output = linear_sums(a);
  converted ? linear_forward_few_converted(device, few) : linear_forward_few(device, few);
  apply_activation(device, activation_cuda, a);
}

void linear_gradient_chains(const Device& device, const DenseRows& input, const ConstMatrix& grad_output,
                            const BatchSlices& slices, const GradientChains& chains) {
  if (touched_slices(slices).count == 0) return;
  if (is_converted(input)) {
    linear_slice_products_converted(device, input, grad_output, slices, chains);
  } else {
    linear_slice_products(device, input, grad_output, slices, chains);
  }
}

}  // namespace cuda

namespace {

void forward(const Device& device, const LinearForward& a) {
  if (a.input.rows == 0) return;
  if (has_fast_product(device, a.input.rows, a.input.cols, a.output.cols))
    return linear_forward_fast(device, a);
  cuda::linear_outputs(device, a);
}

void input_grad(const Device& device, const LinearInputGrad& a) {
  if (a.grad_input.rows == 0) return;
  if (has_fast_product(device, a.grad_input.rows, a.grad_input.cols, a.grad_output.cols))
    return linear_input_grad_fast(device, a);
  cuda::linear_input_grad(device, a);
}

void parameter_grad(const Device& device, const LinearParameterGrad& a) {
  if (a.slices.whole() && has_fast_product(device, a.input.rows, a.input.cols, a.grad_output.cols))
    return linear_parameter_grad_fast(device, a);
  const std::int64_t outputs = a.grad_output.cols, weights = outputs * a.input.cols;
  const Scratch::Frame frame(device);
  const GradientChains chains =
      gradient_chains(frame, a.slices, a.grad_weight, weights, a.grad_bias, outputs);
  cuda::linear_gradient_chains(device, a.input, a.grad_output, a.slices, chains);
  cuda::linear_slice_sums(device, a.slices, chains, weights, outputs);
}

}  // namespace

extern const LinearOps linear_cuda;
const LinearOps linear_cuda{
    .forward = &forward, .input_grad = &input_grad, .parameter_grad = &parameter_grad};
}  // namespace thalweg
