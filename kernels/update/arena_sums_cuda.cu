// gradient_norm: sum of squares over the arena by blocks, and the clip factor.
// record: the same; then the sum of the batch's losses, the first that is not finite, and whether the update
// may take place.
// math         the sums of update.hpp: 128 chains inside a block of 4096, 128 chains over the blocks and over the
//              losses; record_math.hpp
// shapes       grad: arena, f32; block sums in scratch; out [2] f32; losses [count] f32; one StepRecord out
// bytes        reads 4 per element, writes 4 per block; then reads those and 4 count; of a halted step also
//              4 each way per statistic; flops 2 per element and 1 per loss
// launch       one warp per block of 4096, 8 warps; one launch per 256 segments, one for a touched list. Last, two
//              warps: one adds the block sums, one beside it the losses. At most 8 blocks take one launch in all
// determinism  fixed chains and trees; block sums lie in scratch by number, or in shared memory
// contract     segments do not overlap; padding is not read; 4-byte alignment, float4 with 16; records has room
//              for the burst's steps
#include "kernels/base/shared.cuh"
#include "kernels/update/arena_sums.cuh"
#include "kernels/update/record_cuda.cuh"

namespace thalweg {
namespace {

// Left to itself ptxas spills a few registers for one more block on a multiprocessor.
constexpr int kUnspilledBlocks = 4;

__global__ void __launch_bounds__(kSumThreads)
    squares_kernel(const __grid_constant__ SegmentBlocks<kBlock> list, const float* __restrict__ grad,
                   bool aligned, float* __restrict__ sums) {
  const auto b = static_cast<std::int32_t>(blockIdx.x * kSumWarps) + warp_index();
  if (b >= list.blocks) return;  // whole warps leave together
  const ArenaBlock block = list.at(b);
  const float sum = block_sum(grad + block.begin, block.size, aligned, SquareStep{});
  if (lane_index() == 0) sums[b] = sum;
}

/// A division of 64 bits takes a hundred instructions, and few positions need one.
__device__ __forceinline__ std::int64_t quotient(std::int64_t position, std::uint32_t by) {
  const auto low = static_cast<std::uint32_t>(position);
  return position == std::int64_t{low} ? std::int64_t{low / by} : position / std::int64_t{by};
}

/// One block of list positions: lane l of row r takes position 128 r + l + 32 k, of chain l + 32 k.
__global__ void __launch_bounds__(kSumThreads, kUnspilledBlocks)
    touched_squares_kernel(TouchedElements touched, const float* __restrict__ grad,
                           float* __restrict__ sums) {
  const std::int64_t count = *touched.count, positions = count * touched.outputs;
  const std::int64_t b = std::int64_t{blockIdx.x} * kSumWarps + warp_index();
  const std::int64_t begin = b * kSumBlock;
  if (begin >= positions) return;  // whole warps leave together
  const std::int64_t left = positions - begin;
  const int size = left < kSumBlock ? static_cast<int>(left) : kBlock;
  // Fewer than 2^31 features are listed. Each lane walks on by 32 positions, without a division for each.
  const auto listed = static_cast<std::uint32_t>(count);
  const std::uint32_t feature_step = kWarp % listed;
  const std::int64_t row_step = kWarp / listed * touched.in_features;
  const std::int64_t first = begin + lane_index(), output = quotient(first, listed);
  std::int64_t row = output * touched.in_features;
  auto feature = static_cast<std::uint32_t>(first - output * listed);
  float chain[4] = {};
  for (int j = lane_index(); j < size; j += kChains) {
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (j + k * kWarp >= size) break;
      chain[k] = SquareStep{}(chain[k], grad[row + touched.features[feature]]);
      row += row_step, feature += feature_step;
      if (feature >= listed) feature -= listed, row += touched.in_features;
    }
  }
  const float sum = fold_strided(chain);
  if (lane_index() == 0) sums[b] = sum;
}

/// What the last launch of a norm leaves behind.
struct NormEnd {
  float clip_norm;
  float* out;
  RecordArgs record;  ///< records == null: none

  /// By a block of two warps and more: the first adds the block sums, the second beside it the losses.
  __device__ __forceinline__ void take(const float* sums, std::int64_t count) const {
    SHARED(losses, cuda::LossSum);
    const bool recorded = record.records != nullptr;
    float sum = 0;
    if (warp_index() == 0) {
      sum = sum_of_blocks(sums, count);
      if (lane_index() == 0) out[0] = sum, out[1] = clip_factor(sum, clip_norm);
    } else if (warp_index() == 1 && recorded) {
      const cuda::LossSum found = cuda::sum_of_losses(record);
      if (lane_index() == 0) losses = found;
    }
    __syncthreads();
    if (warp_index() == 0 && recorded) cuda::close_step(record, sum, losses);
  }
};

constexpr int kFinishThreads = 2 * kWarp;

__global__ void __launch_bounds__(kFinishThreads)
    finish_norm_kernel(std::int64_t blocks, TouchedElements touched, const float* __restrict__ sums,
                       NormEnd end) {
  const std::int64_t positions = touched.features != nullptr ? *touched.count * touched.outputs : 0;
  end.take(sums, blocks + (positions + kSumBlock - 1) / kSumBlock);
}

/// The whole norm of an arena of at most a block for each warp.
__global__ void __launch_bounds__(kSumThreads)
    small_norm_kernel(const __grid_constant__ SegmentBlocks<kBlock> list, const float* __restrict__ grad,
                      bool aligned, NormEnd end) {
  SHARED(sums, float[kSumWarps]);
  if (const int b = warp_index(); b < list.blocks) {
    const ArenaBlock block = list.at(b);
    const float sum = block_sum(grad + block.begin, block.size, aligned, SquareStep{});
    if (lane_index() == 0) sums[b] = sum;
  }
  __syncthreads();
  end.take(sums, list.blocks);
}

void launch_small(const Device& device, const GradientNormArgs& args, const NormEnd& end) {
  SegmentBlocks<kBlock> all;  // stays empty for an arena without elements
  for_each_list<kBlock>(args.segments, args.segment_count,
                        [&](const SegmentBlocks<kBlock>& list) { all = list; });
  launch(device.stream, {1, kSumThreads}, "gradient_norm", small_norm_kernel, all, args.grad,
         has_quads(args.grad), end);
}

void launch_norm(const Device& device, const GradientNormArgs& args, const RecordArgs& record) {
  const NormEnd end{args.clip_norm, args.out, record};
  const bool sparse = args.touched.features != nullptr;
  const std::int64_t blocks = blocks_of(args.segments, args.segment_count);
  if (!sparse && blocks <= kSumWarps) return launch_small(device, args, end);
  const std::int64_t touched_blocks =
      sparse ? (args.touched.capacity * args.touched.outputs + kSumBlock - 1) / kSumBlock : 0;
  // One more than needed: an arena without elements still has a place to point to.
  const Scratch::Frame frame(device);
  float* const sums = frame.take<float>(blocks + touched_blocks + 1);
  const bool aligned = has_quads(args.grad);
  std::int64_t done = 0;
  for_each_list<kBlock>(args.segments, args.segment_count, [&](const SegmentBlocks<kBlock>& list) {
    launch(device.stream, {blocks_for(list.blocks, kSumWarps), kSumThreads}, "gradient_norm", squares_kernel,
           list, args.grad, aligned, sums + done);
    done += list.blocks;
  });
  if (sparse) {
    launch(device.stream, {blocks_for(touched_blocks, kSumWarps), kSumThreads}, "gradient_norm_touched",
           touched_squares_kernel, args.touched, args.grad + args.touched.offset, sums + blocks);
  }
  launch(device.stream, {1, kFinishThreads}, "gradient_norm_finish", finish_norm_kernel, blocks, args.touched,
         sums, end);
}

}  // namespace

namespace cuda {

void gradient_norm(const Device& device, const GradientNormArgs& args) { launch_norm(device, args, {}); }

void record(const Device& device, const GradientNormArgs& norm, const RecordArgs& args) {
  launch_norm(device, norm, args);
}

}  // namespace cuda
}  // namespace thalweg
