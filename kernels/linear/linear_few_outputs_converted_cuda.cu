#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg::cuda {

void linear_forward_few_converted(const Device& device, const LinearForward& a) {
  launch_few_outputs(device, a, make_converted(a.input));
}

}  // namespace thalweg::cuda
