#pragma once
// One block's part of a burst (linear_burst.cuh) but for what it shares with a single step.
#include <cuda_runtime.h>

#include <cstdint>

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

}  // namespace thalweg
