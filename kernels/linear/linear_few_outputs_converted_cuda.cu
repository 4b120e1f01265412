#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_forward_few_converted(const Context& ctx, const LinearForward& a) {
  launch_few_outputs(ctx, a, make_converted(a.input));
}

}  // namespace thalweg::cuda
