#pragma once
// One pass over the rows of a linear model with one output. It computes the dot product, the loss and the
// gradient of a row while the row is in the cache. A task is a slice of the batch and owns its chains. If a
// call holds the whole batch, the tree over slices runs as they finish; else at the end, on a copy.
#include <cstdint>

#include "kernels/base/slice_claims_cpu.hpp"
#include "kernels/base/slice_tree_cpu.hpp"
#include "kernels/elementwise_loss/elementwise_loss_math.hpp"
#include "kernels/gemm/dense_row_cpu.hpp"
#include "kernels/gemm/few_outputs_cpu.hpp"
#include "kernels/gemm/weight_grad_cpu.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::THALWEG_ISA {

/// Rows that share one pass over the gradient's chain, and whose losses are found together.
constexpr int kStepRows = 8;
/// Prefetch distance in rows; half of a row is prefetched during the dot product, half during the gradient.
/// The wider the rows, the fewer of them stay in the L2 cache until they are read. For the widest rows the
/// distance is one, and memory delivers what is read in order within a row.
THALWEG_HD std::int64_t ahead_rows(const DenseRows& x) {
  constexpr std::int64_t kNarrowRow = 4 << 10, kWideRow = 24 << 10;
  const std::int64_t bytes = row_bytes(x);
  return bytes <= kNarrowRow ? 16 : bytes <= kWideRow ? 8 : 1;
}
/// The first line of a row is prefetched this many rows before its other lines. By then the address of its
/// page has been looked up.
constexpr std::int64_t kTranslationRows = 4;
/// Features of one task of the tree.
constexpr std::int64_t kTreeFeatures = 8192;

/// Chains of the slices: slice s at data + s * stride.
struct SliceChains {
  float* data;
  std::int64_t stride;
};

/// Scratch of a step. Per slice it holds the chains of weight and bias, if the call holds the whole batch;
/// else they are in the caller's partials. Per thread it holds the converted rows of a group.
struct StepPlan {
  std::int64_t row_floats;  ///< floats of a chain or a converted row: whole cache lines
  std::int64_t bias_at, rows_at, floats;
  int threads;

  THALWEG_HD SliceChains weight_chains(const LinearModelStep& a, float* memory) const {
    if (!a.slices.whole()) return {a.grad_weight.partials, a.grad_weight.partial_stride};
    return {memory, row_floats};
  }
  THALWEG_HD SliceChains bias_chains(const LinearModelStep& a, float* memory) const {
    if (!a.slices.whole()) return {a.grad_bias.partials, a.grad_bias.partial_stride};
    return {memory + bias_at, 16};
  }
  THALWEG_HD float* rows(float* memory, int thread) const {
    return memory + rows_at + thread * kStepRows * row_floats;
  }
};

THALWEG_HD StepPlan make_step_plan(const LinearModelStep& a, int threads) {
  StepPlan p{.threads = threads};
  p.row_floats = ceil_div(a.input.cols, 16) * 16;
  p.bias_at = a.slices.slices * p.row_floats;
  p.rows_at = p.bias_at + a.slices.slices * 16;
  p.floats = p.rows_at + threads * kStepRows * p.row_floats;
  return p;
}

/// chain[j] takes in slope[r] * x[r][j] for the rows of a group in order.
template <int kRows>
THALWEG_HD void add_rows(float* chain, const float* const (&x)[kStepRows], const float (&slope)[kStepRows],
                         const LinesAhead (&ahead)[kStepRows], std::int64_t features) {
  Vec g[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) g[r] = broadcast(slope[r]);
  std::int64_t j = 0;
  constexpr std::int64_t kBlock = 32;  // a line of each row per 32 features is half of its bytes
  for (; j + kBlock <= features; j += kBlock) {
#pragma GCC unroll 8
    for (int v = 0; v < kBlock / kLanes; ++v) {
      Vec sum = load(chain + j + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sum = fma(g[r], load(x[r] + j + v * kLanes), sum);
      store(chain + j + v * kLanes, sum);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) ahead[r].ask(j / kBlock);
  }
  for (int r = 0; r < kRows; ++r)
    for (std::int64_t line = j / kBlock; line < ahead[r].count; ++line) ahead[r].ask(line);
  for (; j < features; ++j) {
    for (int r = 0; r < kRows; ++r) chain[j] = fma(slope[r], x[r][j], chain[j]);  // mutant: row-order
  }
}

/// Weighted losses of rows [n, n + kRows) from their outputs, and the slopes that their gradients are scaled
/// by. A loop of fixed length, so that the formula runs on vectors.
template <int kRows>
THALWEG_HD void finish_rows(const LinearModelStep& a, std::int64_t n, const float (&z)[kStepRows],
                            float (&slope)[kStepRows]) {
  const float scale = loss_scale(a.targets);
  float target[kRows], weight[kRows], loss[kRows];
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t id = a.targets.ids ? a.targets.ids[n + r] : n + r;
    weight[r] = a.targets.weight ? a.targets.weight[id] : 1.0f;
    target[r] = loss_target(a.loss.kind, a.targets.target[id], 0, 1);
  }
  with_loss_kind(a.loss.kind, [&](auto kind) {
    for (int r = 0; r < kRows; ++r) {
      const LossAndSlope l = elementwise_loss<decltype(kind)::value>(z[r], target[r], a.loss.parameter);
      loss[r] = weight[r] * l.loss;  // mutant: loss-weighted
      slope[r] = (weight[r] * scale) * l.slope;
    }
  });
  for (int r = 0; r < kRows; ++r) a.losses[n + r] = loss[r], a.grad_output[n + r] = slope[r];
}

/// The rows that a thread reads in turn: those of its share, of a slice that no thread has begun, of the next
/// call.
class ThreadRows {
 public:
  ThreadRows(const LinearModelStep& step, const SliceClaims& claims, int slice, int thread, int threads)
      : step_(step),
        claims_(claims),
        begin_(step.slices.call_begin(slice)),
        end_(step.slices.call_end(slice)),
        run_end_(end_),
        upcoming_(Share{thread, threads}.begin(step.upcoming.rows)),
        ahead_(ahead_rows(step.input)),
        slice_(slice) {
    const Share share{thread, threads};
    const std::int64_t rows = step.input.rows;
    if (begin_ >= share.begin(rows) && end_ < share.end(rows)) run_end_ = share.end(rows);
  }

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  std::int64_t ahead() const { return ahead_; }

  /// The row that is likely to be read `later` rows after row n.
  const char* address_of(std::int64_t n, std::int64_t later) const {
    const std::int64_t past = n + later - run_end_;
    if (past < 0) return row(step_.input, n + later);
    const int next = run_end_ == end_ ? claims_.next_after(slice_) : -1;
    if (next >= 0) return row(step_.input, step_.slices.call_begin(next) + past);
    return step_.upcoming.rows > 0 ? row(step_.upcoming, upcoming_ + past) : row(step_.input, n);
  }

 private:
  static const char* row(const DenseRows& rows, std::int64_t n) {
    return row_address(rows, smaller(n, rows.rows - 1));
  }

  const LinearModelStep& step_;
  const SliceClaims& claims_;
  std::int64_t begin_, end_;
  /// end of the rows that it reads in order: the end of its share while it is in its share
  std::int64_t run_end_;
  std::int64_t upcoming_;  ///< where its share of the next call begins
  std::int64_t ahead_;
  int slice_;
};

/// Rows [n, n + kRows) of the batch.
template <int kRows>
inline void step_rows(const LinearModelStep& a, std::int64_t n, const ThreadRows& range, float* rows,
                      std::int64_t row_stride, float* chain, float* bias_chain) {
  const std::int64_t features = a.input.cols;
  const float* x[kStepRows];
  LinesAhead rest[kStepRows];
  float z[kStepRows], slope[kStepRows];
  for (int r = 0; r < kRows; ++r) {
    x[r] = row_floats(a.input, n + r, rows + r * row_stride);
    __builtin_prefetch(range.address_of(n + r, range.ahead() + kTranslationRows), 0, 2);
    const LinesAhead ahead(range.address_of(n + r, range.ahead()), row_bytes(a.input));
    const float dot = chain_dot(x[r], a.weight, features, ahead.first_half());
    rest[r] = ahead.second_half();
    z[r] = a.bias != nullptr ? dot + a.bias[0] : dot;
  }
  finish_rows<kRows>(a, n, z, slope);
  if (bias_chain != nullptr)
    for (int r = 0; r < kRows; ++r) *bias_chain = *bias_chain + slope[r];  // mutant: bias-gradient
  add_rows<kRows>(chain, x, slope, rest, features);
}

/// All rows of this call that belong to one slice.
inline void step_slice(const LinearModelStep& a, const StepPlan& plan, float* memory,
                       const SliceClaims& claims, int slice, int thread) {
  const SliceChains weight = plan.weight_chains(a, memory), bias = plan.bias_chains(a, memory);
  float* chain = weight.data + slice * weight.stride;
  float* bias_chain = a.grad_bias.sum != nullptr ? bias.data + slice * bias.stride : nullptr;
  if (!a.slices.continues(slice)) {  // mutant: slice-continues
    for (std::int64_t j = 0; j < a.input.cols; ++j) chain[j] = 0.0f;
    if (bias_chain != nullptr) *bias_chain = 0.0f;
  }
  float* rows = plan.rows(memory, thread);
  const ThreadRows range(a, claims, slice, thread, plan.threads);
  std::int64_t n = range.begin();
  for (; n + kStepRows <= range.end(); n += kStepRows)
    step_rows<kStepRows>(a, n, range, rows, plan.row_floats, chain, bias_chain);
  for (; n + kStepRows / 2 <= range.end(); n += kStepRows / 2)
    step_rows<kStepRows / 2>(a, n, range, rows, plan.row_floats, chain, bias_chain);
  for (; n < range.end(); ++n) step_rows<1>(a, n, range, rows, plan.row_floats, chain, bias_chain);
}

/// to[j] = left[j] + right[j]; `to` may be `left`.
THALWEG_HD void add_chains(float* to, const float* left, const float* right, std::int64_t size) {
  for (std::int64_t j = 0; j < size; j += kLanes) {
    const std::int64_t count = smaller(kLanes, size - j);
    store_first(to + j, load_first(left + j, count) + load_first(right + j, count), count);
  }
}

/// A slice of a call that brings the whole batch, and the sums that are complete with it.
inline void step_slice_and_tree(const LinearModelStep& a, const StepPlan& plan, float* memory,
                                const SliceClaims& claims, SliceTree& tree, int slice, int thread) {
  step_slice(a, plan, memory, claims, slice, thread);
  const SliceChains weight = plan.weight_chains(a, memory), bias = plan.bias_chains(a, memory);
  tree.finish(
      slice,
      [&](int left, int right) {
        float* const to = weight.data + left * weight.stride;
        add_chains(to, to, weight.data + right * weight.stride, a.input.cols);
        if (a.grad_bias.sum != nullptr) {
          bias.data[left * bias.stride] = bias.data[left * bias.stride] + bias.data[right * bias.stride];
        }
      },
      [&] {
        for (std::int64_t j = 0; j < a.input.cols; ++j) a.grad_weight.sum[j] = weight.data[j];
        if (a.grad_bias.sum != nullptr) a.grad_bias.sum[0] = bias.data[0];
      });
}

/// The tree over slices for elements [begin, end); a slice without rows counts as zero.
inline void slice_sums(const BatchSlices& slices, const BatchSum& to, const SliceChains& chains,
                       std::int64_t begin, std::int64_t end) {
  for (std::int64_t j = begin; j < end; j += kLanes) {
    const std::int64_t count = smaller(kLanes, end - j);
    SliceCounter<SumVec> counter;
    for (int s = 0; s < slices.slices; ++s) {
      SumVec t{};
      if (slice_state(slices, s) != SliceState::empty)
        t.acc = load_first(chains.data + s * chains.stride + j, count);
      counter.push(t, s + 1 == slices.slices);
      if (s + 1 == slices.slices) store_first(to.sum + j, t.acc, count);
    }
  }
}

}  // namespace thalweg::THALWEG_ISA
