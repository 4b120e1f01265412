#pragma once
// What a burst's kernel (linear_burst.cuh) works in. Blocks exchange ids, losses and chains through global
// memory, of which there are two: a block may write those of the next step while another one still reads.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/chains.hpp"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear_step/linear_burst.hpp"
#include "kernels/linear_step/step_block.cuh"

namespace thalweg {

constexpr int kBurstThreads = 512;

struct BurstArgs {
  ConvertedRows input;
  LinearBurst burst;
  int features, chunk_rows, arenas;
  std::int64_t* ids;  ///< [2][max_batch]
  float* losses;      ///< [2][max_batch]
  float* slopes;      ///< [max_batch]
  float* chain_sums;  ///< [slices][chunk_rows][128]
  float* chains;      ///< [2][slices][chain_stride]: the features' gradient, then the bias's
  std::int64_t chain_stride;

  __device__ __forceinline__ std::int64_t* ids_of(int step) const {
    return ids + (step & 1) * burst.max_batch;
  }
  __device__ __forceinline__ float* losses_of(int step) const {
    return losses + (step & 1) * burst.max_batch;
  }
  __device__ __forceinline__ float* chains_of(int step, int slice) const {
    return chains + ((step & 1) * burst.slices + slice) * chain_stride;
  }
  /// Chunks of the longest slice of a batch.
  __device__ __forceinline__ int chunks_of(int count) const {
    const auto longest = (count + burst.slices - 1) / burst.slices;
    return (longest + chunk_rows - 1) / chunk_rows;
  }
};

/// The rows of a block's slice: [begin, end) of the batch's `count`.
struct StepRange {
  int begin, end, count;
  std::uint64_t with_rows;
};

/// Sums of a step.
struct StepSums {
  float loss, norm;
};

/// The part of a block's shared memory whose size is known, apart from the rest: its addresses take no
/// register.
struct BurstShared {
  alignas(16) float loss_chains[kChains];
  BurstScalars scalars[2];
  StepRange range[2];
  StepSums sums;
};

/// A block's shared memory, and how much it takes. All parts begin at multiples of 16 bytes.
struct BurstMemory {
  BurstShared& fixed;
  float* grad;                        ///< [I + 1]
  float *slopes, *targets, *weights;  ///< [chunk_rows]
  int own_size;
  float* own;  ///< [arenas][own_size]: the block's columns and the bias
  void* rows;  ///< [chunk_rows][pitch]

  __device__ __forceinline__ BurstMemory(const BurstArgs& p, const StepColumns& columns, BurstShared& known,
                                         float* shared)
      : fixed(known),
        grad(shared),
        slopes(grad + quads(p.features + 1)),
        targets(slopes + p.chunk_rows),
        weights(targets + p.chunk_rows),
        own_size(columns.count() + 1),
        own(weights + p.chunk_rows),
        rows(own + quads(p.arenas * own_size)) {}

  /// Bytes beside the rows.
  static constexpr std::int64_t fixed_bytes(const LinearBurstShape& shape, const StepColumns& columns) {
    return 4 * std::int64_t{quads(static_cast<int>(shape.features) + 1) +
                            quads(shape.arenas * (columns.count() + 1))};
  }
  /// Bytes for each row of a chunk; a chunk has a multiple of four.
  static constexpr std::int64_t row_bytes(const LinearBurstShape& shape, const StepColumns& columns) {
    return columns.pitch() * (shape.dtype == DType::u8 ? 1 : 4) + 3 * std::int64_t{sizeof(float)};
  }

 private:
  /// Floats that begin at a multiple of 16 bytes.
  THALWEG_HD static constexpr int quads(int floats) { return (floats + 3) / 4 * 4; }
};

/// The Step of a block of a burst (step_block.cuh).
class BurstStep {
 public:
  static constexpr int kThreads = kBurstThreads;

  const ConvertedRows& input;
  int features, chunk_rows;

  __device__ __forceinline__ BurstStep(const BurstArgs& args, const BurstMemory& memory, int columns)
      : input(args.input),
        features(args.features),
        chunk_rows(args.chunk_rows),
        p_(args),
        memory_(memory),
        columns_(columns) {}

  __device__ __forceinline__ void move_to(int number, const StepRange& range) {
    number_ = number, begin_ = range.begin, end_ = range.end;
  }

  __device__ __forceinline__ std::int64_t line(std::int64_t n) const {
    return p_.ids_of(number_)[n] * input.stride;
  }
  __device__ __forceinline__ std::int64_t begin(int) const { return begin_; }
  __device__ __forceinline__ std::int64_t end(int) const { return end_; }
  __device__ __forceinline__ float weight(int, int column) const { return memory_.own[column]; }
  static __device__ __forceinline__ bool keeps_slopes() { return gridDim.x == 1; }
  __device__ __forceinline__ float slope(std::int64_t n) const { return p_.slopes[n]; }
  __device__ __forceinline__ float* weight_chain(int slice) const { return p_.chains_of(number_, slice); }
  __device__ __forceinline__ float* bias_chain(int slice) const {
    return p_.burst.bias.used > 0 ? weight_chain(slice) + features : nullptr;
  }

  __device__ __forceinline__ void finish(int row, std::int64_t n, float dot) const {
    const LossKind kind = p_.burst.loss.kind;
    const RowTarget target{loss_target(kind, memory_.targets[row], 0, 1),
                           p_.burst.targets.weight != nullptr ? memory_.weights[row] : 1.0f};
    const float z = p_.burst.bias.used > 0 ? dot + memory_.own[columns_] : dot;
    const LossAndSlope l =
        loss_of_row(p_.burst.loss, target, z, memory_.fixed.scalars[number_ & 1].loss_scale);
    p_.losses_of(number_)[n] = l.loss;
    (keeps_slopes() ? memory_.slopes[row] : p_.slopes[n]) = l.slope;
  }

 private:
  const BurstArgs& p_;
  const BurstMemory& memory_;
  int columns_;  ///< the block's features; the bias comes behind them
  int number_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace thalweg
