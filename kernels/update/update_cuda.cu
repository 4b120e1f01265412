// The table of the update on CUDA, and the update of segments without an average.
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/update_segments.cuh"

namespace thalweg {
namespace {

void step(const Device& device, const UpdateArgs& args) {
  if (args.touched.features != nullptr) return cuda::update_touched(device, args);
  if (args.average != nullptr) return cuda::update_average(device, args);
  launch_update<false>(device, args);
}

}  // namespace

extern const UpdateOps update_cuda;
const UpdateOps update_cuda{
    .step = &step, .gradient_norm = &cuda::gradient_norm, .record = &cuda::record, .project = &cuda::project};
}  // namespace thalweg
