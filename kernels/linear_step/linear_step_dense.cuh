#pragma once
// The step of a linear model with one output: dot products, losses and gradient while the rows are on chip.
//
// A slice of the batch belongs to a group of blocks, each of which has its own share of the 128 chains and so
// of the features: feature j is with chain j mod 128. A block keeps its features of as many rows as its
// shared memory holds (a chunk), so X is read once; what the blocks exchange is 128 partial sums and one
// slope per row.
#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/shared.cuh"
#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear_step/linear_step_math.hpp"

namespace thalweg {

/// Loss and slope of row n from its output z, as the elementwise loss has them.
__device__ __forceinline__ void finish_row(const RowLosses& rows, std::int64_t n, float z) {
  const RowTarget t = row_target(rows.loss.kind, rows.targets, n);
  const LossAndSlope l = with_loss_kind(rows.loss.kind, [&](auto kind) {
    return row_loss<decltype(kind)::value>(z, t.target, t.weight, rows.loss.parameter,
                                           loss_scale(rows.targets));
  });
  rows.losses[n] = l.loss;
  rows.grad_output[n] = l.slope;
}

constexpr int kRowLossThreads = 128;

// row_loss: loss and slope of every row of a linear model from its output.
// math         losses[n] = w_n loss(z_n, y_n); grad_output[n] = (w_n scale) loss'(z_n, y_n)
// shapes       output, losses, grad_output [N] f32; targets of the data set by id
// bytes        reads 8 N (and 12 N of ids and weights), writes 8 N (memory bound)
// launch       128 threads, a row per thread, no shared memory
// determinism  exact: elementwise
// contract     losses and grad_output do not alias output
static __global__ void __launch_bounds__(kRowLossThreads)
    row_loss_kernel(std::int64_t rows, const float* __restrict__ output, RowLosses p) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kRowLossThreads + threadIdx.x;
  if (n < rows) finish_row(p, n, output[n]);
}

/// The work distribution of a step: `groups` blocks per slice, `chunk_rows` rows on chip at a time.
struct StepPlan {
  int groups = 0;  ///< a power of two up to kMaxStepGroups; 0: rows do not fit on chip
  int chunk_rows = 0;
  int chunks = 0;  ///< chunks of the longest slice
  std::int64_t shared_bytes = 0;
};
constexpr std::int64_t kMaxStepFeatures = std::int64_t{1} << 24;  // more never fit; keeps columns in 32 bits
constexpr int kMaxStepGroups = 16;  // eight neighbouring chains are one sector of a row of floats

/// The features of one block: column c is feature feature(c), if that exists.
struct StepColumns {
  int chains, first_chain, blocks;  ///< blocks of 128 features
  THALWEG_HD constexpr StepColumns(std::int64_t features, int groups, int group)
      : chains(kChains / groups),
        first_chain(group * (kChains / groups)),
        blocks(static_cast<int>((features + kChains - 1) / kChains)) {}
  THALWEG_HD constexpr int count() const { return blocks * chains; }
  /// Elements between two rows on chip, an odd number of `chains`: rows that a warp reads together are in
  /// different banks.
  THALWEG_HD constexpr int pitch() const { return (blocks | 1) * chains; }
  THALWEG_HD constexpr std::int64_t feature(int column) const {
    return std::int64_t{column / chains} * kChains + first_chain + column % chains;
  }
};

struct StepArgs {
  ConvertedRows input;  ///< [N, I]
  const float* weight;  ///< [I]
  const float* bias;    ///< [1] or null
  std::int64_t features;
  BatchSlices slices;
  int first_slice, chunk_rows, chunks;
  RowLosses rows;
  float* chain_sums;  ///< [touched slices][chunk_rows][128]
  BatchSum weight_chains, bias_chains;
};

constexpr int kStepThreads = 256;

/// One block's part of a slice, chunk by chunk.
template <class Element>
class StepBlock {
 public:
  __device__ __forceinline__ StepBlock(const StepArgs& args, unsigned char* shared)
      : p_(args),
        columns_(args.features, static_cast<int>(gridDim.x), static_cast<int>(blockIdx.x)),
        slice_(args.first_slice + static_cast<int>(blockIdx.y)),
        slope_(reinterpret_cast<float*>(shared)),
        rows_(reinterpret_cast<Element*>(shared + sizeof(float) * args.chunk_rows)),
        chain_sums_(args.chain_sums + std::int64_t{blockIdx.y} * args.chunk_rows * kChains) {}

  __device__ __forceinline__ void start_chunk(int chunk) {
    first_ = p_.slices.call_begin(slice_) + std::int64_t{chunk} * p_.chunk_rows;
    count_ = count_before(p_.slices.call_end(slice_), first_, p_.chunk_rows);
  }

  /// Brings the chunk's rows on chip, as they lie in memory.
  __device__ __forceinline__ void load() const {
    const int quads = columns_.count() / 4;
    int row = thread() / quads, quad = thread() % quads;
    while (row < count_) {
      const int column = 4 * quad;
      const std::int64_t at = columns_.feature(column);
      copy_quad(p_.input.line(first_ + row) + at, count_before(p_.features, at, 4),
                rows_ + row * columns_.pitch() + column);
      row += kStepThreads / quads, quad += kStepThreads % quads;
      if (quad >= quads) quad -= quads, ++row;
    }
    commit_copies();
    wait_copies<0>();
    __syncthreads();
  }

  /// The block's chains of the chunk's dot products.
  __device__ __forceinline__ void run_chains() const {
    const int chain = thread() % columns_.chains, feature = columns_.first_chain + chain;
    for (int row = thread() / columns_.chains; row < count_; row += kStepThreads / columns_.chains) {
      const Element* x = rows_ + row * columns_.pitch() + chain;
      float sum = 0.0f;
#pragma unroll 4
      for (std::int64_t j = feature; j < p_.features; j += kChains, x += columns_.chains)
        sum = __fmaf_rn(value(*x, j), p_.weight[j], sum);
      chain_sums_[std::int64_t{row} * kChains + feature] = sum;
    }
  }

  /// Outputs, losses and slopes; the slice's blocks share its rows out by warps.
  __device__ __forceinline__ void finish_rows() const {
    constexpr int kWarps = kStepThreads / kWarp;
    for (int row = static_cast<int>(blockIdx.x) * kWarps + warp_index(); row < count_;
         row += static_cast<int>(gridDim.x) * kWarps) {
      const float dot = fold_chain_quads(load4(chain_sums_ + std::int64_t{row} * kChains + 4 * lane_index()));
      if (lane_index() == 0) finish_row(p_.rows, first_ + row, p_.bias != nullptr ? dot + *p_.bias : dot);
    }
  }

  /// The gradient's chains take in the chunk's rows.
  __device__ __forceinline__ void add_rows(bool continues) const {
    for (int row = thread(); row < count_; row += kStepThreads)
      slope_[row] = p_.rows.grad_output[first_ + row];
    __syncthreads();
    float* chains = p_.weight_chains.chain(slice_);
    for (int column = thread(); column < columns_.count(); column += kStepThreads) {
      const std::int64_t j = columns_.feature(column);
      if (j >= p_.features) continue;
      const Element* x = rows_ + column;
      float chain = continues ? chains[j] : 0.0f;
#pragma unroll 8
      for (int row = 0; row < count_; ++row)
        chain = __fmaf_rn(slope_[row], value(x[row * columns_.pitch()], j), chain);
      chains[j] = chain;
    }
    if (p_.bias_chains.partials != nullptr && blockIdx.x == 0 && thread() == kStepThreads - 1) {
      float* partial = p_.bias_chains.chain(slice_);
      float chain = continues ? *partial : 0.0f;
      for (int row = 0; row < count_; ++row) chain = chain + slope_[row];
      *partial = chain;
    }
    __syncthreads();  // nobody still reads the rows that the next chunk replaces
  }

  __device__ __forceinline__ bool has_rows() const { return count_ > 0; }
  __device__ __forceinline__ bool continues(int chunk) const {
    return chunk > 0 || p_.slices.continues(slice_);
  }

 private:
  static constexpr bool kBytes = sizeof(Element) == 1;
  static __device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }

  __device__ __forceinline__ float value(Element raw, std::int64_t j) const {
    const auto x = static_cast<float>(raw);
    return p_.input.scale != nullptr ? __fmaf_rn(x, p_.input.scale[j], p_.input.shift[j]) : x;
  }

  /// Columns without a feature are not written, and nobody reads them.
  __device__ __forceinline__ void copy_quad(std::int64_t at, int count, Element* to) const {
    const Element* from = static_cast<const Element*>(p_.input.data) + at;
    if (p_.input.vector && count == 4) {
      copy_async<4 * sizeof(Element)>(to, from);
    } else {
      for (int i = 0; i < count; ++i) {
        if constexpr (kBytes) {
          to[i] = from[i];
        } else {
          copy_async<4>(to + i, from + i);
        }
      }
    }
  }

  const StepArgs& p_;
  StepColumns columns_;
  int slice_;
  float* slope_;
  Element* rows_;
  float* chain_sums_;
  std::int64_t first_ = 0;
  int count_ = 0;
};

// dense_step: forward, loss and gradient chains of a linear model with one output, reading X once.
// math         z_n = bias + tree of 128 chains of fma(x[n, j], weight[j], chain); losses and slopes g_n of
//              the elementwise loss; weight chain[j] = fma(g_n, x[n, j], chain), bias chain = chain + g_n,
//              over the rows of each touched slice in order
// shapes       input [N, I] f32 or u8, gathered; weight [I]; losses, grad_output [N]; chains [slices][I]
// bytes        reads 4 N I (N I of bytes) once from memory; through L2 512 N of chain sums each way, 8 N of
//              slopes, and the gradient's chains once per chunk; flops 4 N I (memory bound)
// launch       cooperative where a slice has several blocks: 256 threads, grid (groups, touched slices), at
//              most one block per multiprocessor; the rows of a chunk in dynamic shared memory
// determinism  exact: a chain belongs to one thread at a time; two grid barriers per chunk; no atomics
// contract     all blocks resident; I >= 1; chunks as many as the longest slice has
template <class Element>
__global__ void __launch_bounds__(kStepThreads) dense_step_kernel(StepArgs p) {
  StepBlock<Element> block(p, dynamic_shared<unsigned char>());
  const auto slice_barrier = [] {
    if (gridDim.x == 1) {
      __syncthreads();  // the slice is this block's alone
    } else {
      cooperative_groups::this_grid().sync();
    }
  };
  for (int chunk = 0; chunk < p.chunks; ++chunk) {
    block.start_chunk(chunk);
    block.load();
    block.run_chains();
    slice_barrier();
    block.finish_rows();
    slice_barrier();
    if (block.has_rows()) block.add_rows(block.continues(chunk));
  }
}

}  // namespace thalweg
