#include "kernels/linear/linear_cuda.cuh"
#include "kernels/linear/linear_forward.cuh"

namespace thalweg::cuda {

void linear_forward(const Device& device, const LinearForward& a) {
  launch_forward(device, a, make_lines(a.input));
}

}  // namespace thalweg::cuda
