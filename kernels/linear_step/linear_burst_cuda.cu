#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/linear_step/linear_burst.cuh"

namespace thalweg {
namespace {

/// The work distribution of a burst.
struct BurstPlan {
  int groups = 0;  ///< blocks of a slice; 0: there is no plan
  std::int64_t chunk_rows = 0, shared_bytes = 0;
};

constexpr std::int64_t kQuad = 4;

std::int64_t whole_quads(std::int64_t rows) { return (rows + kQuad - 1) / kQuad * kQuad; }

/// With as many rows on chip at a time as fit.
BurstPlan plan_groups(const DeviceProperties& gpu, const LinearBurstShape& shape, int groups) {
  const StepColumns columns(shape.features, groups, 0);
  const std::int64_t fixed = BurstMemory::fixed_bytes(shape, columns);
  const std::int64_t row = BurstMemory::row_bytes(shape, columns);
  const std::int64_t slice = whole_quads((shape.max_batch + shape.slices - 1) / shape.slices);
  const std::int64_t left = gpu.shared_bytes - std::int64_t{sizeof(BurstShared)} - fixed;
  const std::int64_t fit = left > 0 ? left / row / kQuad * kQuad : 0;
  const std::int64_t rows = fit < slice ? fit : slice;
  return {rows > 0 ? groups : 0, rows, fixed + rows * row};
}

/// Slices that fit on chip as a whole have a block each, which saves all barriers but one; others have as
/// many blocks as there are. None where a block cannot be resident for each slice, or where the gradient is
/// so long that adding it up in every block costs more than the barrier that it saves.
BurstPlan plan_burst(const DeviceProperties& gpu, const LinearBurstShape& shape) {
  if (shape.features > kSumBlock || shape.slices > gpu.multiprocessors) return {};
  const BurstPlan alone = plan_groups(gpu, shape, 1);
  if (alone.chunk_rows * shape.slices >= shape.max_batch) return alone;
  return plan_groups(gpu, shape, most_groups(gpu, shape.features, shape.slices));
}

bool takes(const Device& device, const LinearBurstShape& shape) {
  return plan_burst(device.properties, shape).groups > 0;
}

BurstArgs burst_args(const Scratch::Frame& frame, const BurstPlan& plan, const LinearBurst& burst) {
  const std::int64_t stride = scratch_stride(burst.input.cols + 1);
  return {.input = make_converted(burst.input),
          .burst = burst,
          .features = static_cast<int>(burst.input.cols),
          .chunk_rows = static_cast<int>(plan.chunk_rows),
          .arenas = burst.shape().arenas,
          .ids = frame.take<std::int64_t>(2 * burst.max_batch),
          .losses = frame.take<float>(2 * burst.max_batch),
          .slopes = frame.take<float>(burst.max_batch),
          .chain_sums = frame.take<float>(burst.slices * plan.chunk_rows * kChains),
          .chains = frame.take<float>(2 * burst.slices * stride),
          .chain_stride = stride};
}

void run(const Device& device, const LinearBurst& burst) {
  const BurstPlan plan = plan_burst(device.properties, burst.shape());
  const Scratch::Frame frame(device);
  const LaunchShape shape{dim3(static_cast<unsigned>(plan.groups), static_cast<unsigned>(burst.slices)),
                          kBurstThreads, static_cast<std::size_t>(plan.shared_bytes)};
  const auto kernel =
      burst.input.dtype == DType::u8 ? linear_burst_kernel<unsigned char> : linear_burst_kernel<float>;
  launch_cooperative(device.stream, shape, "linear_burst", kernel, burst_args(frame, plan, burst));
}

}  // namespace

extern const LinearBurstOps linear_burst_cuda;
const LinearBurstOps linear_burst_cuda{.takes = &takes, .run = &run};
}  // namespace thalweg
