#pragma once
// The step of a linear model with one output in one kernel, on rows that fit on chip; a slice's group of
// blocks passes over it chunk by chunk.
#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/shared.cuh"
#include "kernels/linear_step/step_block.cuh"

namespace thalweg {

/// Loss and slope of row n from its output z.
__device__ __forceinline__ void finish_row(const RowLosses& rows, std::int64_t n, float z) {
  const RowTarget t = row_target(rows.loss.kind, rows.targets, n);
  const LossAndSlope l = loss_of_row(rows.loss, t, z, loss_scale(rows.targets));
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

/// The Step of one batch, or of a part of it.
struct StepArgs {
  static constexpr int kThreads = 256;

  ConvertedRows input;   ///< [N, I]
  const float* weights;  ///< [I]
  const float* bias;     ///< [1] or null
  int features;
  BatchSlices slices;
  int first_slice, chunk_rows, chunks;
  RowLosses losses;
  float* chain_sums;  ///< [touched slices][chunk_rows][128]
  BatchSum weight_chains, bias_chains;

  __device__ __forceinline__ std::int64_t line(std::int64_t n) const { return input.line(n); }
  __device__ __forceinline__ std::int64_t begin(int slice) const { return slices.call_begin(slice); }
  __device__ __forceinline__ std::int64_t end(int slice) const { return slices.call_end(slice); }
  __device__ __forceinline__ float weight(int j, int) const { return weights[j]; }
  __device__ __forceinline__ void finish(int, std::int64_t n, float dot) const {
    finish_row(losses, n, bias != nullptr ? dot + *bias : dot);
  }
  static __device__ __forceinline__ bool keeps_slopes() { return false; }
  __device__ __forceinline__ float slope(std::int64_t n) const { return losses.grad_output[n]; }
  __device__ __forceinline__ float* weight_chain(int slice) const { return weight_chains.chain(slice); }
  __device__ __forceinline__ float* bias_chain(int slice) const {
    return bias_chains.partials != nullptr ? bias_chains.chain(slice) : nullptr;
  }
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
__global__ void __launch_bounds__(StepArgs::kThreads) dense_step_kernel(StepArgs p) {
  const StepColumns columns(p.features, static_cast<int>(gridDim.x), static_cast<int>(blockIdx.x));
  auto* const shared = dynamic_shared<unsigned char>();
  const int slice = p.first_slice + static_cast<int>(blockIdx.y);
  StepBlock<Element, StepArgs> block(p, columns, slice, reinterpret_cast<float*>(shared),
                                     reinterpret_cast<Element*>(shared + sizeof(float) * p.chunk_rows),
                                     p.chain_sums + std::int64_t{blockIdx.y} * p.chunk_rows * kChains);
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
    block.await_rows();
    block.run_chains();
    slice_barrier();
    block.finish_rows();
    slice_barrier();
    if (block.has_rows()) block.add_rows(chunk > 0 || p.slices.continues(slice));
  }
}

}  // namespace thalweg
