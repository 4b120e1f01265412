#pragma once
// A burst of steps in one kernel. The blocks are those of a step (step_block.cuh), and stay for all steps.
// Each has its own copy of the parameters and states that it needs, and updates it by itself: the gradient of
// a step is small, so that every block adds up all of it rather than wait for others once more.
#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/shared.cuh"
#include "kernels/base/slice_tree.cuh"
#include "kernels/linear_step/burst_memory.cuh"
#include "kernels/linear_step/step_block.cuh"
#include "kernels/update/arena_sums.cuh"
#include "kernels/update/record_cuda.cuh"

namespace thalweg {

/// One block's part of a burst.
template <class Element>
class BurstBlock {
 public:
  __device__ __forceinline__ BurstBlock(const BurstArgs& args, BurstShared& known, float* shared)
      : p_(args),
        columns_(args.features, static_cast<int>(gridDim.x), static_cast<int>(blockIdx.x)),
        memory_(args, columns_, known, shared),
        state_(*args.burst.burst) {}

  /// Before the first step.
  __device__ __forceinline__ void begin() const {
    for_each_arena([&](float* arena, float* own) {
      for_each_column([&](int column, int, const UpdateSegment& segment, std::int64_t at) {
        own[column] = arena[segment.offset + at];
      });
    });
    find_rows(0, 0);
    if (p_.burst.step_count > 1) find_rows(1, 0);
  }

  __device__ __forceinline__ StepRange range(int step) const { return memory_.fixed.range[step & 1]; }

  /// Begins to bring on chip what a step reads beside its rows: scalars, and the targets of a chunk.
  __device__ __forceinline__ void load_scalars(int step) const {
    const auto* from = reinterpret_cast<const float*>(&p_.burst.steps[step].scalars);
    auto* to = reinterpret_cast<float*>(&memory_.fixed.scalars[step & 1]);
    constexpr int kWords = sizeof(BurstScalars) / sizeof(float);
    for (int i = thread(); i < kWords; i += kBurstThreads) copy_async<4>(to + i, from + i);
  }
  __device__ __forceinline__ void load_targets(int step, std::int64_t first, int rows) const {
    const LossTargets& data = p_.burst.targets;
    for (int row = thread(); row < rows; row += kBurstThreads) {
      const std::int64_t id = p_.ids_of(step)[first + row];
      copy_async<4>(memory_.targets + row, data.target + id);
      if (data.weight != nullptr) copy_async<4>(memory_.weights + row, data.weight + id);
    }
  }

  /// When the chains of all slices are there: gradient, norm, record, update.
  __device__ __forceinline__ void close_step(int step, const StepRange& range) {
    sum_gradient(step, range.with_rows);
    if (const int chain = thread() - (kBurstThreads - kChains); chain >= 0) {
      memory_.fixed.loss_chains[chain] = cuda::loss_chain(p_.losses_of(step), chain, range.count);
    }
    __syncthreads();
    if (warp_index() == 0) {
      find_norm();
    } else if (warp_index() == 1) {
      const float sum = fold_chains(load4(memory_.fixed.loss_chains + 4 * lane_index()));
      if (lane_index() == 0) memory_.fixed.sums.loss = sum;
    } else if (step + 2 < p_.burst.step_count) {
      find_rows(step + 2, 2 * kWarp);  // nobody reads the rows of this step any more
    }
    __syncthreads();
    record(step, range.count);
    if (state_.halted == 0) update(step);
  }

  /// After the last step.
  __device__ __forceinline__ void end() const {
    if (leads() && thread() == 0) *p_.burst.burst = state_;
    if (blockIdx.y != 0) return;  // all slices have the same
    for_each_arena([&](float* arena, const float* own) {
      for_each_column([&](int column, int, const UpdateSegment& segment, std::int64_t at) {
        if (column < columns_.count() || blockIdx.x == 0) arena[segment.offset + at] = own[column];
      });
    });
  }

  __device__ __forceinline__ const StepColumns& columns() const { return columns_; }
  __device__ __forceinline__ const BurstMemory& memory() const { return memory_; }

 private:
  static __device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }
  static __device__ __forceinline__ bool leads() { return blockIdx.x == 0 && blockIdx.y == 0; }

  /// f(column of the block's copies, element of the gradient, segment, element of the segment) for this
  /// thread's parameters. The bias comes last, as the gradient's element after the features.
  template <class F>
  __device__ __forceinline__ void for_each_column(const F& f) const {
    for (int column = thread(); column <= columns_.count(); column += kBurstThreads) {
      const bool bias = column == columns_.count();
      const int j = bias ? p_.features : columns_.feature(column);
      if (bias ? p_.burst.bias.used > 0 : j < p_.features)
        f(column, j, bias ? p_.burst.bias : p_.burst.weight, bias ? 0 : std::int64_t{j});
    }
  }

  /// f(arena, the block's copy of it)
  template <class F>
  __device__ __forceinline__ void for_each_arena(const F& f) const {
    float* own = memory_.own;
    f(p_.burst.param, own);
#pragma unroll
    for (int k = 0; k < kMaxStates; ++k) {
      if (p_.burst.state[k] == nullptr) continue;
      own += memory_.own_size;
      f(p_.burst.state[k], own);
    }
    if (p_.burst.average != nullptr) f(p_.burst.average, own + memory_.own_size);
  }

  /// The row ids of the slice, by the slice's blocks, and its range. Threads below `from` do something else.
  __device__ __forceinline__ void find_rows(int step, int from) const {
    const BurstStepInputs& inputs = p_.burst.steps[step];
    const int slice = static_cast<int>(blockIdx.y);
    const BatchSlices slices{inputs.count, 0, inputs.count, p_.burst.slices};
    const auto begin = static_cast<int>(slices.begin(slice)), end = static_cast<int>(slices.begin(slice + 1));
    const int width = kBurstThreads - from, first = static_cast<int>(blockIdx.x) * width + thread() - from;
    for (int n = begin + first; n < end; n += static_cast<int>(gridDim.x) * width)
      p_.ids_of(step)[n] = row_of(inputs, n);
    if (thread() == from)
      memory_.fixed.range[step & 1] = {begin, end, static_cast<int>(inputs.count), inputs.with_rows};
  }

  __device__ __forceinline__ std::int64_t row_of(const BurstStepInputs& inputs, std::int64_t n) const {
    if (inputs.listed >= 0) return p_.burst.ids[inputs.listed + n];
    const std::int64_t place = feistel_row(inputs.place.network, inputs.place.first + n);
    return p_.burst.order_rows != nullptr ? p_.burst.order_rows[place] : place;
  }

  __device__ __forceinline__ void sum_gradient(int step, std::uint64_t with_rows) const {
    const int size = p_.features + (p_.burst.bias.used > 0 ? 1 : 0);
    for (int j = thread(); j < size; j += kBurstThreads) {
      memory_.grad[j] = slice_tree_of<float>(p_.burst.slices, [&](int slice) {
        return (with_rows >> slice & 1) != 0 ? p_.chains_of(step, slice)[j] : 0.0f;
      });
    }
  }

  /// By a warp. The features are one block of the arena's sums; one of a single bias is its square.
  __device__ __forceinline__ void find_norm() const {
    float sum = block_sum(memory_.grad, p_.features, true, SquareStep{});
    if (p_.burst.bias.used > 0) sum = sum + SquareStep{}(0.0f, memory_.grad[p_.features]);
    if (lane_index() == 0) memory_.fixed.sums.norm = sum;
  }

  /// Every thread goes on with the same state; the leading block's first warp writes the record.
  __device__ __forceinline__ void record(int step, int count) {
    const float loss = memory_.fixed.sums.loss;
    std::int32_t first_bad = -1;
    if (!is_finite(loss) && leads() && warp_index() == 0) {
      const cuda::LossSum found = cuda::sum_of_losses({.losses = p_.losses_of(step), .count = count});
      if (found.first_bad != cuda::kNoBadRow) first_bad = found.first_bad;
    }
    const StepRecord record = next_record(state_, memory_.fixed.sums.norm, loss, first_bad);
    if (leads() && thread() == 0) p_.burst.records[state_.next - 1] = record;
  }

  __device__ __forceinline__ void update(int step) const {
    const float scale = clip_factor(memory_.fixed.sums.norm, p_.burst.clip_norm);
    with_rule(p_.burst.rule, AllRules{}, [&](auto rule) {
      for_each_column([&](int column, int j, const UpdateSegment& segment, std::int64_t) {
        const ElementScalars s =
            element_scalars(memory_.fixed.scalars[step & 1].update, segment.group, scale);
        update_own<decltype(rule)>(memory_.own + column, memory_.grad[j], s);
      });
    });
  }

  /// `own`: the element of the first of the block's copies.
  template <class Functor>
  __device__ __forceinline__ void update_own(float* own, float grad, const ElementScalars& s) const {
    constexpr int kStates = state_count(Functor::kRule);
    const int apart = memory_.own_size;
    float state[kMaxStates] = {};
#pragma unroll
    for (int k = 0; k < kStates; ++k) state[k] = own[(k + 1) * apart];
    own[0] = update_element<Functor>(own[0], grad, state, s);
#pragma unroll
    for (int k = 0; k < kStates; ++k) own[(k + 1) * apart] = state[k];
    float* const average = own + (kStates + 1) * apart;
    if (p_.burst.average != nullptr) *average = average_element(*average, own[0], s.average_rate);
  }

  const BurstArgs& p_;
  StepColumns columns_;
  BurstMemory memory_;
  BurstState state_;
};

// linear_burst: a burst of steps of a linear model with one output.
// math         of each step: rows of the batch, as order; forward, loss and gradient, as dense_step and
//              slice_sums; norm and record, as small_norm; the parameters' update, as update
// shapes       X [rows, I] f32 or u8; parameters and states [I] and a bias; at most kMaxBatch rows a step
// bytes        of each step reads 4 N I (N I of bytes) once from memory; through L2 8 to 16 N of ids and losses,
//              4 S I of chains written, and read by every block; 512 N of chain sums each way
// launch       cooperative, 512 threads, grid (groups, slices), at most one block per multiprocessor. A slice
//              that fits on chip as a whole has one block, and the blocks meet once a step; else it has
//              several, which meet twice more for each chunk of rows. The next step's rows come on chip while the blocks meet
// determinism  exact: all blocks compute the same gradient, norm and gate; no atomics
// contract     all blocks resident; I <= kSumBlock, so that the features are one block of the norm
template <class Element>
__global__ void __launch_bounds__(kBurstThreads) linear_burst_kernel(const __grid_constant__ BurstArgs p) {
  SHARED(known, BurstShared);
  BurstBlock<Element> burst(p, known, dynamic_shared<float>());
  const auto steps = static_cast<int>(p.burst.step_count);
  const BurstMemory& memory = burst.memory();
  BurstStep step(p, memory, burst.columns().count());
  const int slice = static_cast<int>(blockIdx.y);
  StepBlock<Element, BurstStep> block(step, burst.columns(), slice, memory.slopes,
                                      static_cast<Element*>(memory.rows),
                                      p.chain_sums + std::int64_t{slice} * p.chunk_rows * kChains);
  const auto slice_barrier = [] {
    if (gridDim.x == 1) {
      __syncthreads();  // the slice is this block's alone
    } else {
      cooperative_groups::this_grid().sync();
    }
  };
  const auto load = [&](int number, int chunk) {
    block.start_chunk(chunk);
    burst.load_targets(number, block.first_row(), block.rows());
    block.load();
  };
  burst.begin();
  slice_barrier();
  step.move_to(0, burst.range(0));
  burst.load_scalars(0);
  load(0, 0);
  for (int number = 0; number < steps; ++number) {
    const StepRange range = burst.range(number);
    const int chunks = p.chunks_of(range.count);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      if (chunk > 0) load(number, chunk);
      block.await_rows();
      block.run_chains();
      slice_barrier();
      block.finish_rows();
      slice_barrier();
      if (block.has_rows()) block.add_rows(chunk > 0);
    }
    if (number + 1 < steps) {
      step.move_to(number + 1, burst.range(number + 1));
      burst.load_scalars(number + 1);
      load(number + 1, 0);
    }
    cooperative_groups::this_grid().sync();
    burst.close_step(number, range);
  }
  burst.end();
}

}  // namespace thalweg
