#pragma once
// One block's part of a step of a linear model with one output: dot products, losses and gradient while the
// rows are on chip.
//
// A slice of the batch belongs to a group of blocks, each of which has its own share of the 128 chains and so
// of the features: feature j is with chain j mod 128. A block keeps its features of as many rows as its
// shared memory holds (a chunk), so X is read once; what the blocks exchange is 128 partial sums and one
// slope per row.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/chains.hpp"
#include "kernels/base/fold_cuda.cuh"
#include "kernels/base/ptx.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear_step/linear_step_math.hpp"

namespace thalweg {

constexpr std::int64_t kMaxStepFeatures = std::int64_t{1} << 24;  // more never fit; keeps columns in 32 bits
constexpr int kMaxStepGroups = 16;  // eight neighbouring chains are one sector of a row of floats

/// The features of one block: column c is feature feature(c), if that exists. `groups` is a power of two.
struct StepColumns {
  int log_chains, first_chain, blocks;  ///< blocks of 128 features
  THALWEG_HD constexpr StepColumns(std::int64_t features, int groups, int group)
      : log_chains(log_of(kChains / groups)),
        first_chain(group * (kChains / groups)),
        blocks(static_cast<int>((features + kChains - 1) / kChains)) {}
  THALWEG_HD constexpr int chains() const { return 1 << log_chains; }
  THALWEG_HD constexpr int count() const { return blocks << log_chains; }
  /// Elements between two rows on chip, an odd number of `chains`: rows that a warp reads together are in
  /// different banks.
  THALWEG_HD constexpr int pitch() const { return (blocks | 1) << log_chains; }
  THALWEG_HD constexpr int feature(int column) const {
    return (column >> log_chains) * kChains + first_chain + (column & (chains() - 1));
  }

 private:
  THALWEG_HD static constexpr int log_of(int power) {
    int log = 0;
    while (power >> (log + 1) > 0) ++log;
    return log;
  }
};

/// The most blocks that can share a slice, a power of two: one on each multiprocessor, none without features.
inline int most_groups(const DeviceProperties& gpu, std::int64_t features, int slices) {
  int groups = kMaxStepGroups;
  const auto idle = [&] { return (groups - 1) * (kChains / groups) >= features; };
  while (groups > 1 && (groups * slices > gpu.multiprocessors || idle())) groups /= 2;
  return groups;
}

/// Loss and slope of a row from its output z, as the elementwise loss has them.
__device__ __forceinline__ LossAndSlope loss_of_row(const LossSpec& loss, const RowTarget& t, float z,
                                                    float scale) {
  return with_loss_kind(loss.kind, [&](auto kind) {
    return row_loss<decltype(kind)::value>(z, t.target, t.weight, loss.parameter, scale);
  });
}

/// What the block is given, a Step:
///   kThreads                     of the block
///   input, features              the rows X and how long they are
///   line(n)                      where row n of the batch begins
///   begin(slice), end(slice)     its rows
///   chunk_rows                   rows on chip at a time
///   weight(j, column)            the parameter of feature j, which is the block's column `column`
///   finish(row, n, dot)          takes row n's dot product to its loss and slope; `row` of the chunk
///   keeps_slopes()               whether finish leaves the slopes in the block's slopes itself
///   slope(n)                     else: what finish left
///   weight_chain(s), bias_chain(s)   chains of slice s; the bias's null: none
template <class Element, class Step>
class StepBlock {
 public:
  /// `chain_sums`: [chunk_rows][128] of the slice.
  __device__ __forceinline__ StepBlock(const Step& step, const StepColumns& columns, int slice, float* slopes,
                                       Element* rows, float* chain_sums)
      : p_(step), columns_(columns), slice_(slice), slope_(slopes), rows_(rows), chain_sums_(chain_sums) {}

  __device__ __forceinline__ void start_chunk(int chunk) {
    first_ = p_.begin(slice_) + std::int64_t{chunk} * p_.chunk_rows;
    count_ = count_before(p_.end(slice_), first_, p_.chunk_rows);
  }

  /// Begins to bring the chunk's rows on chip, as they lie in memory. A thread brings a quad of each block of
  /// features of its rows.
  __device__ __forceinline__ void load() const {
    const int log_quads = columns_.log_chains - 2, column = 4 * (thread() & ((1 << log_quads) - 1));
    for (int row = thread() >> log_quads; row < count_; row += kThreads >> log_quads) {
      const Element* from =
          static_cast<const Element*>(p_.input.data) + p_.line(first_ + row) + columns_.first_chain + column;
      Element* to = rows_ + row * columns_.pitch() + column;
#pragma unroll 1
      for (int left = p_.features - columns_.first_chain - column; left > 0; left -= kChains) {
        copy_quad(from, left, to);
        from += kChains, to += columns_.chains();
      }
    }
    commit_copies();
  }

  /// The rows are there for all threads.
  __device__ __forceinline__ void await_rows() const {
    wait_copies<0>();
    __syncthreads();
  }

  /// The block's chains of the chunk's dot products. A weight that is read serves four rows.
  __device__ __forceinline__ void run_chains() const {
    const int apart = kThreads >> columns_.log_chains;
    int row = thread() >> columns_.log_chains;
    for (; row + 3 * apart < count_; row += 4 * apart) chains_of_rows<4>(row, apart);
    for (; row < count_; row += apart) chains_of_rows<1>(row, apart);
  }

  /// Outputs, losses and slopes; the slice's blocks share its rows out by warps, and a warp the losses of its
  /// rows by lanes.
  __device__ __forceinline__ void finish_rows() const {
    const int apart = static_cast<int>(gridDim.x) * (kThreads / kWarp);
    int first = static_cast<int>(blockIdx.x) * (kThreads / kWarp) + warp_index();
    for (; first < count_; first += kWarp * apart) {
      float dot = 0.0f;
      for (int i = 0, row = first; i < kWarp && row < count_; ++i, row += apart) {
        const float sum = fold_chains(load4(chain_sums_ + std::int64_t{row} * kChains + 4 * lane_index()));
        if (i == lane_index()) dot = sum;
      }
      const int row = first + lane_index() * apart;
      if (row < count_) p_.finish(row, first_ + row, dot);
    }
  }

  /// The gradient's chains take in the chunk's rows.
  __device__ __forceinline__ void add_rows(bool continues) const {
    if (!p_.keeps_slopes()) {
      for (int row = thread(); row < count_; row += kThreads) slope_[row] = p_.slope(first_ + row);
      __syncthreads();
    }
    float* const chains = p_.weight_chain(slice_);
    for (int column = thread(); column < columns_.count(); column += kThreads) {
      const int j = columns_.feature(column);
      if (j < p_.features) chains[j] = gradient_chain(column, j, continues ? chains[j] : 0.0f);
    }
    float* const partial = p_.bias_chain(slice_);
    if (partial != nullptr && blockIdx.x == 0 && thread() == kThreads - 1) {
      float chain = continues ? *partial : 0.0f;
      for (int row = 0; row < count_; ++row) chain = chain + slope_[row];
      *partial = chain;
    }
    __syncthreads();  // nobody still reads the rows that the next chunk replaces
  }

  __device__ __forceinline__ bool has_rows() const { return count_ > 0; }
  __device__ __forceinline__ std::int64_t first_row() const { return first_; }
  __device__ __forceinline__ int rows() const { return count_; }

 private:
  static constexpr int kThreads = Step::kThreads;
  static constexpr bool kBytes = sizeof(Element) == 1;
  static __device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }

  __device__ __forceinline__ float value(Element raw, int j) const {
    const auto x = static_cast<float>(raw);
    return p_.input.scale != nullptr ? __fmaf_rn(x, p_.input.scale[j], p_.input.shift[j]) : x;
  }

  /// A chain of kRows rows, `apart` from each other.
  template <int kRows>
  __device__ __forceinline__ void chains_of_rows(int row, int apart) const {
    const int chain = thread() & (columns_.chains() - 1), feature = columns_.first_chain + chain;
    const Element* const x = rows_ + row * columns_.pitch();
    const int next = apart * columns_.pitch();
    float sum[kRows] = {};
#pragma unroll 4
    for (int column = chain, j = feature; j < p_.features; j += kChains, column += columns_.chains()) {
      const float weight = p_.weight(j, column);
#pragma unroll
      for (int r = 0; r < kRows; ++r) sum[r] = __fmaf_rn(value(x[r * next + column], j), weight, sum[r]);
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) chain_sums_[std::int64_t{row + r * apart} * kChains + feature] = sum[r];
  }

  /// The chain of feature j over the chunk's rows; a quad of slopes is read at a time.
  __device__ __forceinline__ float gradient_chain(int column, int j, float chain) const {
    const int pitch = columns_.pitch();
    const Element* x = rows_ + column;
    int row = 0;
#pragma unroll 2
    for (; row + 4 <= count_; row += 4, x += 4 * pitch) {
      const float4 slope = load4(slope_ + row);
      chain = __fmaf_rn(slope.x, value(x[0], j), chain);
      chain = __fmaf_rn(slope.y, value(x[pitch], j), chain);
      chain = __fmaf_rn(slope.z, value(x[2 * pitch], j), chain);
      chain = __fmaf_rn(slope.w, value(x[3 * pitch], j), chain);
    }
    for (; row < count_; ++row, x += pitch) chain = __fmaf_rn(slope_[row], value(*x, j), chain);
    return chain;
  }

  /// The first of `left` elements. Columns without a feature are not written, and nobody reads them.
  __device__ __forceinline__ void copy_quad(const Element* from, int left, Element* to) const {
    if (p_.input.vector && left >= 4) return copy_async<4 * sizeof(Element)>(to, from);
    const int count = left < 4 ? left : 4;
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      if constexpr (kBytes) {
        to[i] = from[i];
      } else {
        copy_async<4>(to + i, from + i);
      }
    }
  }

  const Step& p_;
  StepColumns columns_;
  int slice_;
  float* slope_;
  Element* rows_;
  float* chain_sums_;
  std::int64_t first_ = 0;
  int count_ = 0;
};

}  // namespace thalweg
