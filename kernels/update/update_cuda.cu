// The table of the update on CUDA, and the update of segments without an average.
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/update_segments.cuh"

namespace thalweg {
namespace {

void step(const Context& ctx, const UpdateArgs& args) {
  if (args.touched.features != nullptr) return cuda::update_touched(ctx, args);
  if (args.average != nullptr) return cuda::update_average(ctx, args);
  launch_update<false>(ctx, args);
}

}  // namespace

extern const UpdateOps update_cuda;
const UpdateOps update_cuda{
    .record = &cuda::record, .step = &step, .gradient_norm = &cuda::gradient_norm, .project = &cuda::project};
}  // namespace thalweg
