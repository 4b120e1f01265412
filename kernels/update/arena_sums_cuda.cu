// gradient_norm: sum of squares over the arena by blocks, and the clip factor.
// math         the sums of update.hpp: 128 chains inside a block of 4096, 128 chains over the blocks
// shapes       grad: arena, f32; block sums in scratch; out [2] f32
// bytes        reads 4 per element, writes 4 per block; then reads those; flops 2 per element
// launch       one warp per block of 4096, 8 warps; one launch per 256 segments, one for a touched list, one
//              warp for the second level
// determinism  fixed chains and trees; block sums lie in scratch by number
// contract     segments do not overlap; padding is not read; 4-byte alignment, float4 with 16
//
// project: l2 ball and simplex, each segment as one vector.
// math         ProjectArgs of update.hpp; which segment has a constraint is known to the device alone
// bytes        l2_ball reads 8 and writes 4 per element that is scaled; simplex reads 4 per element and pass
// launch       cooperative, at most one block of 256 threads per multiprocessor; one launch per 256 segments
// determinism  as above; the count is one of integers, the largest element does not depend on an order
// contract     as above
#include <cooperative_groups.h>

#include "kernels/common/chains_cuda.cuh"
#include "kernels/common/launch.cuh"
#include "kernels/common/ptx.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/update/arena_sums_cuda.cuh"
#include "kernels/update/segment_blocks.cuh"
#include "kernels/update/update_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
// Left to itself ptxas spills a few registers for one more block on a multiprocessor.
constexpr int kUnspilledBlocks = 4;
constexpr int kBlock = static_cast<int>(kSumBlock);

struct SquareStep {
  __device__ __forceinline__ float operator()(float chain, float x) const {
    return element::fma(x, x, chain);
  }
};

/// The fold of chains.hpp where lane l holds chains l, l + 32, l + 64 and l + 96; in every lane.
__device__ __forceinline__ float fold_strided(const float (&chain)[4]) {
  return warp_sum((chain[0] + chain[2]) + (chain[1] + chain[3]));
}

/// Sum over one block of at most kSumBlock elements by a warp, in every lane. step(chain, x[j]) gives the
/// next value of element j's chain.
template <class Step>
__device__ __forceinline__ float block_sum(const float* x, int size, bool aligned, const Step& step) {
  const int column = 4 * lane_index();
  float4 chain = {};
  int row = 0;
#pragma unroll 8
  for (; row + kChains <= size; row += kChains) {
    const float* const at = x + row + column;
    const float4 value = aligned ? load4(at) : make_float4(at[0], at[1], at[2], at[3]);
    chain.x = step(chain.x, value.x);
    chain.y = step(chain.y, value.y);
    chain.z = step(chain.z, value.z);
    chain.w = step(chain.w, value.w);
  }
  const int rest = size - row - column;
  const float* const at = x + row + column;
  if (rest > 0) chain.x = step(chain.x, at[0]);
  if (rest > 1) chain.y = step(chain.y, at[1]);
  if (rest > 2) chain.z = step(chain.z, at[2]);
  if (rest > 3) chain.w = step(chain.w, at[3]);
  return fold_chains(chain);
}

/// The second level: block b joins chain b mod 128. By a warp, in every lane.
__device__ __forceinline__ float sum_of_blocks(const float* sums, std::int64_t count) {
  float chain[4] = {};
  std::int64_t row = 0;
#pragma unroll 4
  for (; row + kChains <= count; row += kChains) {
#pragma unroll
    for (int k = 0; k < 4; ++k) chain[k] += sums[row + lane_index() + k * kWarp];
  }
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const std::int64_t b = row + lane_index() + k * kWarp;
    if (b < count) chain[k] += sums[b];
  }
  return fold_strided(chain);
}

__global__ void __launch_bounds__(kThreads)
    squares_kernel(const __grid_constant__ SegmentBlocks<kBlock> list, const float* __restrict__ grad,
                   bool aligned, float* __restrict__ sums) {
  const auto b = static_cast<std::int32_t>(blockIdx.x * kWarps) + warp_index();
  if (b >= list.blocks) return;  // whole warps leave together
  const ArenaBlock block = list.at(b);
  const float sum = block_sum(grad + block.begin, block.size, aligned, SquareStep{});
  if (lane_index() == 0) sums[b] = sum;
}

/// One block of list positions: lane l of row r takes position 128 r + l + 32 k, of chain l + 32 k.
__global__ void __launch_bounds__(kThreads, kUnspilledBlocks)
    touched_squares_kernel(TouchedElements touched, const float* __restrict__ grad,
                           float* __restrict__ sums) {
  const std::int64_t count = *touched.count, positions = count * touched.outputs;
  const std::int64_t b = std::int64_t{blockIdx.x} * kWarps + warp_index();
  const std::int64_t begin = b * kSumBlock;
  if (begin >= positions) return;  // whole warps leave together
  const std::int64_t left = positions - begin;
  const int size = left < kSumBlock ? static_cast<int>(left) : kBlock;
  // Each lane walks on by 32 positions, without a division for each.
  const std::int64_t first = begin + lane_index();
  const std::int64_t output_step = kWarp / count, feature_step = kWarp % count;
  std::int64_t output = first / count, feature = first % count;
  float chain[4] = {};
  for (int j = lane_index(); j < size; j += kChains) {
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (j + k * kWarp >= size) break;
      chain[k] = SquareStep{}(chain[k], grad[output * touched.in_features + touched.features[feature]]);
      output += output_step, feature += feature_step;
      if (feature >= count) feature -= count, ++output;
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

/// One segment as one vector, shared by the whole grid. Every block of threads folds the block sums for
/// itself, which gives all of them the same bits.
struct Vector {
  float* data;
  std::int64_t size;
  std::int32_t blocks;
  bool aligned;
  float* block_values;
  std::int32_t* block_counts;

  __device__ __forceinline__ int size_of(std::int32_t b) const {
    const std::int64_t left = size - b * kSumBlock;
    return left < kSumBlock ? static_cast<int>(left) : kBlock;
  }

  /// body(number, elements, their count) by a warp each, then all threads wait.
  template <class Body>
  __device__ __forceinline__ void each_block(const Body& body) const {
    const auto stride = static_cast<std::int32_t>(gridDim.x) * kWarps;
    for (std::int32_t b = static_cast<std::int32_t>(blockIdx.x) * kWarps + warp_index(); b < blocks;
         b += stride)
      body(b, data + b * kSumBlock, size_of(b));
    cooperative_groups::this_grid().sync();
  }

  /// x[j] = change(j, x[j]) for every element j. Element j is always the same thread's, so nobody waits.
  template <class Change>
  __device__ __forceinline__ void each_element(const Change& change) const {
    const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
    for (std::int64_t j = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; j < size; j += stride)
      data[j] = change(j, data[j]);
  }
};

__device__ __forceinline__ void project_to_ball(const Vector& v, float radius) {
  v.each_block([&](std::int32_t b, const float* x, int size) {
    const float sum = block_sum(x, size, v.aligned, SquareStep{});
    if (lane_index() == 0) v.block_values[b] = sum;
  });
  const float norm = element::sqrt(sum_of_blocks(v.block_values, v.blocks));
  if (!(norm > radius)) return;  // in all threads, or in none
  const float factor = radius / norm;
  v.each_element([=](std::int64_t, float x) { return x * factor; });
}

__device__ __forceinline__ float larger(float a, float b) { return b > a ? b : a; }

/// The largest element; NaN gives way to a number.
__device__ __forceinline__ float largest(const Vector& v) {
  v.each_block([&](std::int32_t b, const float* x, int size) {
    float top = -__builtin_huge_valf();
    for (int j = lane_index(); j < size; j += kWarp) top = larger(top, x[j]);
    top = warp_tree(top, larger);
    if (lane_index() == 0) v.block_values[b] = top;
  });
  float top = -__builtin_huge_valf();
  for (std::int32_t b = lane_index(); b < v.blocks; b += kWarp) top = larger(top, v.block_values[b]);
  return shuffle(warp_tree(top, larger), 0);
}

struct Active {
  float sum;
  std::int64_t count;
};

/// Sum and count of the x - top that exceed theta.
__device__ __forceinline__ Active active_above(const Vector& v, float top, float theta) {
  cooperative_groups::this_grid().sync();  // nobody still reads the block values of before
  v.each_block([&](std::int32_t b, const float* x, int size) {
    int count = 0;
    const float sum = block_sum(x, size, v.aligned, [&count, top, theta](float chain, float value) {
      const float shifted = value - top;
      count += shifted > theta ? 1 : 0;
      return chain + (shifted > theta ? shifted : 0.0f);
    });
    count = warp_tree(count, [](int a, int c) { return a + c; });
    if (lane_index() == 0) v.block_values[b] = sum, v.block_counts[b] = count;
  });
  std::int64_t count = 0;
  for (std::int32_t b = lane_index(); b < v.blocks; b += kWarp) count += v.block_counts[b];
  count = warp_tree(count, [](std::int64_t a, std::int64_t c) { return a + c; });
  return {sum_of_blocks(v.block_values, v.blocks), shuffle(count, 0)};
}

__device__ __forceinline__ void project_to_simplex(const Vector& v, float sum) {
  const float top = largest(v);
  if (!(top - top == 0.0f)) return;  // in all threads, or in none
  float theta = -sum;
  for (std::int64_t before = v.size + 1;;) {
    const Active active = active_above(v, top, theta);
    if (active.count == 0 || active.count >= before) break;
    before = active.count;
    theta = (active.sum - sum) / static_cast<float>(active.count);
  }
  v.each_element([=](std::int64_t, float x) {
    const float moved = (x - top) - theta;
    return moved < 0.0f ? 0.0f : moved;
  });
}

struct ProjectArenas {
  const UpdateScalars* scalars;
  const float* squared_norm;
  float* param;
  float* average;
  bool aligned;
};

__global__ void __launch_bounds__(kThreads, 1)
    project_kernel(const __grid_constant__ SegmentBlocks<kBlock> list, ProjectArenas arenas,
                   float* block_values, std::int32_t* block_counts) {
  if (!norm_permits(arenas.squared_norm)) return;
  for (int i = 0; i < list.segments; ++i) {
    const PackedSegment& segment = list.segment[i];
    const GroupScalars& group = arenas.scalars->group[segment.group];
    if (!constrains_segment(group.constraint)) continue;
    const std::int32_t blocks =
        (i + 1 < list.segments ? list.segment[i + 1].first : list.blocks) - segment.first;
    const std::int64_t begin = segment.offset * kSegmentAlign;
    // The block sums of a segment have places of their own: nobody waits before the next one's are written.
    const Vector v{arenas.param + begin,
                   (blocks - 1) * kSumBlock + segment.last,
                   blocks,
                   arenas.aligned,
                   block_values + segment.first,
                   block_counts + segment.first};
    if (group.constraint == Constraint::l2_ball) {
      project_to_ball(v, group.upper);
    } else {
      project_to_simplex(v, group.upper);
    }
    if (arenas.average == nullptr) continue;
    const float rate = arenas.scalars->average_rate;
    float* const average = arenas.average + begin;
    v.each_element([=](std::int64_t j, float x) {
      average[j] = average_element(average[j], x, rate);
      return x;
    });
  }
}

std::int64_t blocks_of(const UpdateSegment* segments, int count) {
  std::int64_t blocks = 0;
  for (int i = 0; i < count; ++i) blocks += (segments[i].used + kSumBlock - 1) / kSumBlock;
  return blocks;
}

unsigned multiprocessors() {
  int device = 0, count = 0;
  check_cuda(cudaGetDevice(&device), "project");
  check_cuda(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "project");
  return static_cast<unsigned>(count);
}

}  // namespace

namespace cuda {

void gradient_norm(const Context& ctx, const GradientNormArgs& args) {
  const bool sparse = args.touched.features != nullptr;
  const int skipped = sparse ? 1 : 0;
  const UpdateSegment* const whole = args.segments + skipped;
  const std::int64_t blocks = blocks_of(whole, args.segment_count - skipped);
  const std::int64_t touched_blocks =
      sparse ? (args.touched.capacity * args.touched.outputs + kSumBlock - 1) / kSumBlock : 0;
  // One more than needed: an arena without elements still has a place to point to.
  auto* const sums =
      static_cast<float*>(ctx.scratch((blocks + touched_blocks + 1) * std::int64_t{sizeof(float)}));
  const bool aligned = has_quads(args.grad);
  std::int64_t done = 0;
  for_each_list<kBlock>(whole, args.segment_count - skipped, [&](const SegmentBlocks<kBlock>& list) {
    launch(ctx.stream(), {blocks_for(list.blocks, kWarps), kThreads}, "gradient_norm", squares_kernel, list,
           args.grad, aligned, sums + done);
    done += list.blocks;
  });
  if (sparse) {
    launch(ctx.stream(), {blocks_for(touched_blocks, kWarps), kThreads}, "gradient_norm_touched",
           touched_squares_kernel, args.touched, args.grad + args.segments[0].offset, sums + blocks);
  }
  launch(ctx.stream(), {1, kWarp}, "gradient_norm_finish", finish_norm_kernel, blocks, args.touched,
         args.clip_norm, sums, args.out);
}

void project(const Context& ctx, const ProjectArgs& args) {
  const std::int64_t blocks = blocks_of(args.segments, args.segment_count);
  if (blocks == 0) return;
  auto* const values = static_cast<float*>(ctx.scratch(2 * blocks * std::int64_t{sizeof(float)}));
  const ProjectArenas arenas{args.scalars, args.squared_norm, args.param, args.average,
                             has_quads(args.param)};
  const unsigned most = multiprocessors();
  for_each_list<kBlock>(args.segments, args.segment_count, [&](const SegmentBlocks<kBlock>& list) {
    const unsigned wanted = blocks_for(list.blocks, kWarps);
    launch_cooperative(ctx.stream(), {wanted < most ? wanted : most, kThreads}, "project", project_kernel,
                       list, arenas, values, reinterpret_cast<std::int32_t*>(values + blocks));
  });
}

}  // namespace cuda
}  // namespace thalweg
