#pragma once
// The record of a step on the device: the losses by one warp, then the record and the statistics by one.
#include "kernels/base/chains.hpp"
#include "kernels/base/warp.cuh"
#include "kernels/update/record_math.hpp"

namespace thalweg::cuda {

constexpr std::int32_t kNoBadRow = 0x7fffffff;

struct LossSum {
  float sum;
  std::int32_t first_bad;  ///< kNoBadRow: all are finite
};

/// Chain `chain` of the sum of a step's losses.
__device__ __forceinline__ float loss_chain(const float* losses, int chain, int count) {
  float sum = 0.0f;
#pragma unroll 8
  for (int n = chain; n < count; n += kChains) sum += losses[n];
  return sum;
}

/// Sum of a step's losses by chains, and the first that is not finite. By a warp: lane l holds chains l, l +
/// 32, l + 64 and l + 96; the result is lane 0's.
__device__ __forceinline__ LossSum sum_of_losses(const RecordArgs& args) {
  const int lane = lane_index();
  float chain[4] = {};
  std::int32_t first_bad = kNoBadRow;
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
  return {sum, warp_tree(first_bad, [](std::int32_t a, std::int32_t b) { return a < b ? a : b; })};
}

/// Writes the record and puts the statistics of a halted step back. By a warp; the numbers are lane 0's.
__device__ __forceinline__ void close_step(const RecordArgs& args, float squared_norm,
                                           const LossSum& losses) {
  bool halted = false;
  if (lane_index() == 0) {
    const bool all_finite = losses.first_bad == kNoBadRow;
    halted = write_record(args, squared_norm, losses.sum, all_finite ? -1 : losses.first_bad);
  }
  if (!warp_any(halted)) return;
  for (std::int64_t i = lane_index(); i < args.statistics_size; i += kWarp)
    args.statistics[i] = args.statistics_before[i];
}

}  // namespace thalweg::cuda
