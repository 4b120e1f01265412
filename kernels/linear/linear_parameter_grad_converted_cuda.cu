#include "kernels/gemm/slice_product.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_slice_products_converted(const Device& device, const DenseRows& input,
                                     const ConstMatrix& grad_output, const BatchSlices& slices,
                                     const GradientChains& chains) {
  launch_slice_products(device, make_converted(input), input.cols, grad_output, slices, chains);
}

}  // namespace thalweg::cuda
