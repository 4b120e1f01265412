#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_forward_few(const Context& ctx, const LinearForward& a) {
  launch_few_outputs(ctx, a, make_lines(a.input));
}

}  // namespace thalweg::cuda
