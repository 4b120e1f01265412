#include "kernels/gemm/slice_product.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_slice_products(const Device& device, const DenseRows& input, const ConstMatrix& grad_output,
                           const BatchSlices& slices, const GradientChains& chains) {
  launch_slice_products(device, make_lines(input), input.cols, grad_output, slices, chains);
}

}  // namespace thalweg::cuda
