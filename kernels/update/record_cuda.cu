// record: sum of a batch's losses, the first that is not finite, and whether the update may take place.
// math         record_math.hpp; the sum by 128 chains: lane l of one warp holds chains l, l + 32, l + 64,
//              l + 96
// shapes       losses [count] f32; one StepRecord out; statistics [S] f32
// bytes        reads 4 count; of a halted step also 4 S each way; flops count
// launch       one warp: the batch's losses lie in L2, and the update waits for the answer anyway
// determinism  exact: fixed chains and tree
// contract     records has room for the burst's steps
#include "kernels/base/chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/record_math.hpp"

namespace thalweg::cuda {
namespace {

__global__ void __launch_bounds__(kWarp) record_kernel(RecordArgs args) {
  const int lane = lane_index();
  float chain[4] = {};
  std::int32_t first_bad = 0x7fffffff;
  for (std::int64_t begin = 0; begin < args.count; begin += kChains) {
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const std::int64_t n = begin + k * kWarp + lane;
      if (n >= args.count) continue;
      const float loss = args.losses[n];
      chain[k] += loss;
      if (!is_finite(loss) && n < first_bad) first_bad = static_cast<std::int32_t>(n);
    }
  }
  const float sum = warp_sum((chain[0] + chain[2]) + (chain[1] + chain[3]));
  first_bad = warp_tree(first_bad, [](std::int32_t a, std::int32_t b) { return a < b ? a : b; });
  bool halted = false;
  if (lane == 0) halted = write_record(args, sum, first_bad == 0x7fffffff ? -1 : first_bad);
  if (!warp_any(halted)) return;
  for (std::int64_t i = lane; i < args.statistics_size; i += kWarp)
    args.statistics[i] = args.statistics_before[i];
}

}  // namespace

void record(const Device& device, const RecordArgs& args) {
  launch(device.stream, {1, kWarp}, "record", record_kernel, args);
}

}  // namespace thalweg::cuda
