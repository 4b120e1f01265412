#include "kernels/gemm/product.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_input_grad(const Device& device, const LinearInputGrad& a) {
  launch_product<LineAlong::width>(
      device, "linear_input_grad",
      ProductArgs<Lines, Lines>{make_lines(a.grad_output.data, a.grad_output.stride),
                                make_lines(a.weight, a.grad_input.cols), a.grad_input.rows, a.grad_input.cols,
                                a.grad_output.cols, a.grad_input, has_quads(a.grad_input)},
      GradientEpilogue{a.activation, a.kept, has_quads(a.kept)});
}

}  // namespace thalweg::cuda
