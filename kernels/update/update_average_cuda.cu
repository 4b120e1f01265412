#include "kernels/update/update_segments.cuh"

namespace thalweg::cuda {

void update_average(const Context& ctx, const UpdateArgs& args) { launch_update<true>(ctx, args); }

}  // namespace thalweg::cuda
