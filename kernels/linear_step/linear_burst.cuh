#pragma once
// A burst of steps in one kernel. The blocks are those of a step (step_block.cuh), and stay for all steps.
// Each has its own copy of the parameters and states that it needs, and updates it by itself: the gradient of
// a step is small, so that every block adds up all of it rather than wait for others once more.
#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/shared.cuh"
#include "kernels/linear_step/burst_block.cuh"

namespace thalweg {

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
