// Gradient norm and projections on the CPU: sums over the arena in the order that update.hpp defines. A block
// is one task; the 128 chains of a block are a row of 128 floats, which the compiler keeps in vectors.
#include "kernels/base/chains.hpp"
#include "kernels/update/update_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kPrefetchAhead = 1024;  ///< 4 KB: the hardware's own prefetch ends with the page
/// cost of a touched element, in the elements of tasks_cpu.hpp
constexpr std::int64_t kGatheredCost = 16;

/// Sum over one block: step(chain, x[j]) gives the next value of element j's chain.
template <class Step>
THALWEG_HD float block_sum(const float* x, std::int64_t size, const Step& step) {
  alignas(64) float chain[kChains] = {};
  std::int64_t row = 0;
  for (; row + kChains <= size; row += kChains) {
    for (int c = 0; c < kChains; c += 16) __builtin_prefetch(x + row + kPrefetchAhead + c);
    for (int c = 0; c < kChains; ++c) chain[c] = step(chain[c], x[row + c]);
  }
  for (int c = 0; c < size - row; ++c) chain[c] = step(chain[c], x[row + c]);
  return fold_chains(chain);
}

THALWEG_HD float squares_of_block(const float* x, std::int64_t size) {
  return block_sum(x, size, [](float chain, float value) { return __builtin_fmaf(value, value, chain); });
}

THALWEG_HD float sum_of_blocks(const float* sums, std::int64_t count) {
  return chain_sum(count, [sums](float chain, std::int64_t j) { return chain + sums[j]; });
}

float squares_of_touched(const GradientNormArgs& args, std::int64_t count, std::int64_t block) {
  alignas(64) float gathered[kSumBlock];
  const std::int64_t begin = block * kSumBlock, left = count * args.touched.outputs - begin;
  const std::int64_t size = left < kSumBlock ? left : kSumBlock;
  const float* grad = args.grad + args.touched.offset;
  TouchedWalk walk(args.touched, count, begin);
  for (std::int64_t i = 0; i < size; ++i) gathered[i] = grad[walk.next()];
  return squares_of_block(gathered, size);
}

/// One segment as one vector, with scratch for a number per block.
struct Vector {
  const Device& device;
  float* data;
  std::int64_t size, blocks;
  float* block_values;
  std::int64_t* block_counts;

  template <class Body>
  void each_block(const Body& body) const {
    device.pool.run(blocks, [&](std::int64_t block, int) {
      const std::int64_t begin = block * kSumBlock, left = size - begin;
      body(block, data + begin, left < kSumBlock ? left : kSumBlock);
    });
  }
};

void project_to_ball(const Vector& v, float radius) {
  v.each_block([&](std::int64_t block, const float* x, std::int64_t size) {
    v.block_values[block] = squares_of_block(x, size);
  });
  const float norm = element::sqrt(sum_of_blocks(v.block_values, v.blocks));
  if (!(norm > radius)) return;
  const float factor = radius / norm;
  v.each_block([&](std::int64_t, float* x, std::int64_t size) {
    for (std::int64_t j = 0; j < size; ++j) x[j] = x[j] * factor;
  });
}

float largest(const Vector& v) {
  v.each_block([&](std::int64_t block, const float* x, std::int64_t size) {
    float top = -__builtin_huge_valf();
    for (std::int64_t j = 0; j < size; ++j) top = x[j] > top ? x[j] : top;
    v.block_values[block] = top;
  });
  float top = -__builtin_huge_valf();
  for (std::int64_t b = 0; b < v.blocks; ++b) top = v.block_values[b] > top ? v.block_values[b] : top;
  return top;
}

struct Active {
  float sum;
  std::int64_t count;
};

/// Sum and count of the x - top that exceed theta.
Active active_above(const Vector& v, float top, float theta) {
  v.each_block([&](std::int64_t block, const float* x, std::int64_t size) {
    v.block_values[block] = block_sum(x, size, [=](float chain, float value) {
      const float shifted = value - top;
      return chain + (shifted > theta ? shifted : 0.0f);
    });
    std::int32_t count = 0;
    for (std::int64_t j = 0; j < size; ++j) count += x[j] - top > theta ? 1 : 0;
    v.block_counts[block] = count;
  });
  Active active{sum_of_blocks(v.block_values, v.blocks), 0};
  for (std::int64_t b = 0; b < v.blocks; ++b) active.count += v.block_counts[b];
  return active;
}

void project_to_simplex(const Vector& v, float sum) {
  const float top = largest(v);
  if (!(top - top == 0.0f)) return;
  float theta = -sum;
  for (std::int64_t before = v.size + 1;;) {
    const Active active = active_above(v, top, theta);
    if (active.count == 0 || active.count >= before) break;
    before = active.count;
    theta = (active.sum - sum) / static_cast<float>(active.count);
  }
  v.each_block([=](std::int64_t, float* x, std::int64_t size) {
    for (std::int64_t j = 0; j < size; ++j) {
      const float moved = (x[j] - top) - theta;
      x[j] = moved < 0.0f ? 0.0f : moved;
    }
  });
}

void take_average(const Vector& v, float* average, float rate) {
  v.each_block([=](std::int64_t block, const float* x, std::int64_t size) {
    float* const a = average + block * kSumBlock;
    for (std::int64_t j = 0; j < size; ++j) a[j] = average_element(a[j], x[j], rate);
  });
}

}  // namespace

void gradient_norm(const Device& device, const GradientNormArgs& args) {
  const bool sparse = args.touched.features != nullptr;
  const std::int64_t count = sparse ? *args.touched.count : 0;
  const std::int64_t touched_blocks = (count * args.touched.outputs + kSumBlock - 1) / kSumBlock;

  std::int64_t most = touched_blocks;
  for (int i = 0; i < args.segment_count; ++i) most += (args.segments[i].used + kSumBlock - 1) / kSumBlock;
  const Scratch::Frame frame(device);
  Blocks blocks{args.segments, args.segment_count, kSumBlock,
                frame.take<std::int64_t>(args.segment_count + 1)};
  blocks.number();
  float* const sums = frame.take<float>(most);

  std::int64_t elements = kGatheredCost * count * args.touched.outputs;
  for (int i = 0; i < args.segment_count; ++i) elements += args.segments[i].used;
  for_tasks(device.pool, most, elements, [&](std::int64_t b) {
    if (b >= blocks.count()) {
      sums[b] = squares_of_touched(args, count, b - blocks.count());
      return;
    }
    const Block block = blocks.at(b);
    sums[b] = squares_of_block(args.grad + block.begin, block.size);
  });
  args.out[0] = sum_of_blocks(sums, most);
  args.out[1] = clip_factor(args.out[0], args.clip_norm);
}

void project(const Device& device, const ProjectArgs& args) {
  if (!norm_permits(args.squared_norm)) return;
  for (int i = 0; i < args.segment_count; ++i) {
    const UpdateSegment& segment = args.segments[i];
    const GroupScalars& group = args.scalars->group[segment.group];
    if (segment.used == 0 || !constrains_segment(group.constraint)) continue;  // mutant: free-segment-skipped
    const std::int64_t blocks = (segment.used + kSumBlock - 1) / kSumBlock;
    const Scratch::Frame frame(device);
    const Vector vector{device, args.param + segment.offset, segment.used,
                        blocks, frame.take<float>(blocks),   frame.take<std::int64_t>(blocks)};
    if (group.constraint == Constraint::l2_ball) {
      project_to_ball(vector, group.upper);
    } else {
      project_to_simplex(vector, group.upper);
    }
    if (args.average != nullptr)  // mutant: projected-averaged
      take_average(vector, args.average + segment.offset, args.scalars->average_rate);
  }
}

}  // namespace thalweg::THALWEG_ISA
