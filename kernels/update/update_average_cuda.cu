#include "kernels/update/update_segments.cuh"

namespace thalweg::cuda {

void update_average(const Device& device, const UpdateArgs& args) { launch_update<true>(device, args); }

}  // namespace thalweg::cuda
