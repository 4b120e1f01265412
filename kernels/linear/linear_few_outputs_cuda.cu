#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_forward_few(const Device& device, const LinearForward& a) {
  launch_few_outputs(device, a, make_lines(a.input));
}

}  // namespace thalweg::cuda
