// project: l2 ball and simplex, each segment as one vector.
// math         ProjectArgs of update.hpp; which segment has a constraint is known to the device alone
// shapes       param, average: arenas, f32; block values and counts in scratch; scalars in device memory
// bytes        l2_ball reads 8 and writes 4 per element that is scaled; simplex reads 4 per element and pass
// launch       cooperative, at most one block of 256 threads per multiprocessor; one launch per 256 segments
// determinism  fixed chains and trees; block values lie in scratch by number; the count is one of integers,
//              the largest element does not depend on an order
// contract     segments do not overlap; padding is not read; 4-byte alignment, float4 with 16
#include <cooperative_groups.h>

#include "kernels/update/arena_sums.cuh"

namespace thalweg {
namespace {

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
    const auto stride = static_cast<std::int32_t>(gridDim.x) * kSumWarps;
    for (std::int32_t b = static_cast<std::int32_t>(blockIdx.x) * kSumWarps + warp_index(); b < blocks;
         b += stride)
      body(b, data + b * kSumBlock, size_of(b));
    cooperative_groups::this_grid().sync();
  }

  /// x[j] = change(j, x[j]) for every element j. Element j is always the same thread's, so nobody waits.
  template <class Change>
  __device__ __forceinline__ void each_element(const Change& change) const {
    const std::int64_t stride = std::int64_t{gridDim.x} * kSumThreads;
    for (std::int64_t j = std::int64_t{blockIdx.x} * kSumThreads + threadIdx.x; j < size; j += stride)
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

__global__ void __launch_bounds__(kSumThreads, 1)
    project_kernel(const __grid_constant__ SegmentBlocks<kBlock> list, ProjectArenas arenas,
                   float* block_values, std::int32_t* block_counts) {
  if (!norm_permits(arenas.squared_norm)) return;
  for (int i = 0; i < list.segments; ++i) {
    const PackedSegment& segment = list.segment[i];
    const GroupScalars& group = arenas.scalars->group[segment.group];
    if (!constrains_segment(group.constraint)) continue;  // mutant: free-segment-skipped
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
    if (arenas.average == nullptr) continue;  // mutant: projected-averaged
    const float rate = arenas.scalars->average_rate;
    float* const average = arenas.average + begin;
    v.each_element([=](std::int64_t j, float x) {
      average[j] = average_element(average[j], x, rate);
      return x;
    });
  }
}

}  // namespace

namespace cuda {

void project(const Device& device, const ProjectArgs& args) {
  const std::int64_t blocks = blocks_of(args.segments, args.segment_count);
  if (blocks == 0) return;
  const Scratch::Frame frame(device);
  auto* const values = frame.take<float>(blocks);
  auto* const counts = frame.take<std::int32_t>(blocks);
  const ProjectArenas arenas{args.scalars, args.squared_norm, args.param, args.average,
                             has_quads(args.param)};
  const auto most = static_cast<unsigned>(device.properties.multiprocessors);
  for_each_list<kBlock>(args.segments, args.segment_count, [&](const SegmentBlocks<kBlock>& list) {
    const unsigned wanted = blocks_for(list.blocks, kSumWarps);
    launch_cooperative(device.stream, {wanted < most ? wanted : most, kSumThreads}, "project", project_kernel,
                       list, arenas, values, counts);
  });
}

}  // namespace cuda
}  // namespace thalweg
