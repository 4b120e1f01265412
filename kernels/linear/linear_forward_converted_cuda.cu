#include "kernels/linear/linear_cuda.cuh"
#include "kernels/linear/product.cuh"

namespace thalweg::cuda {

void linear_forward_converted(const Context& ctx, const LinearForward& a) {
  launch_forward(ctx, a, make_converted(a.input));
}

}  // namespace thalweg::cuda
