// gradient_norm: sum of squares over the arena by blocks, and the clip factor.
// math         the sums of update.hpp: 128 chains inside a block of 4096, 128 chains over the blocks
// shapes       grad: arena, f32; block sums in scratch; out [2] f32
// bytes        reads 4 per element, writes 4 per block; then reads those; flops 2 per element
// launch       one warp per block of 4096, 8 warps; one launch per 256 segments, one for a touched list, one
//              warp for the second level
// determinism  fixed chains and trees; block sums lie in scratch by number
// contract     segments do not overlap; padding is not read; 4-byte alignment, float4 with 16
#include "kernels/update/arena_sums.cuh"

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

__global__ void __launch_bounds__(kWarp)
    finish_norm_kernel(std::int64_t blocks, TouchedElements touched, float clip_norm,
                       const float* __restrict__ sums, float* __restrict__ out) {
  const std::int64_t positions = touched.features != nullptr ? *touched.count * touched.outputs : 0;
  const float sum = sum_of_blocks(sums, blocks + (positions + kSumBlock - 1) / kSumBlock);
  if (lane_index() != 0) return;
  out[0] = sum;
  out[1] = clip_factor(sum, clip_norm);
}

}  // namespace

namespace cuda {

void gradient_norm(const Device& device, const GradientNormArgs& args) {
  const bool sparse = args.touched.features != nullptr;
  const std::int64_t blocks = blocks_of(args.segments, args.segment_count);
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
  launch(device.stream, {1, kWarp}, "gradient_norm_finish", finish_norm_kernel, blocks, args.touched,
         args.clip_norm, sums, args.out);
}

}  // namespace cuda
}  // namespace thalweg
