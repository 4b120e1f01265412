#pragma once
// Sums along a row (chains.hpp) on the device, with the row read once and kept on chip. A team of threads
// owns a row; each element has a slot in one of its threads:
//   GroupTeam<G>   rows of up to G <= 32 elements: G lanes of a warp, an element and a chain each
//   WarpTeam<Q>    up to 128 Q elements in the registers of a warp: lane l owns chains 4 l .. 4 l + 3
//   BlockTeam<1>   128 threads, a chain each; the row in shared memory
//   BlockTeam<0>   the same for rows that do not fit: they are read again from where they lie
// A kernel is written once for all of them:
//   load(k, from)       the row's values, by slot; BlockTeam keeps it in the k-th row of shared memory
//   view(from)          the same for what all rows share (weights)
//   overwritten(x, to)  where values derived from x may be kept: x itself, but `to` for BlockTeam<0>
//   sum(step)           chain = step(chain, slot, j) for each element j in order, then the tree; every thread
//                       gets the sum. max(x) likewise, a NaN left out.
//   store(to, f)        to[j] = f(slot, j)
// Threads call these together. Teams in registers also run `step` and `f` on slots beyond the row and drop
// the result: they must touch no memory but through slots. A team without a row (present() is false) does
// everything but access memory.
#include <cstddef>
#include <cstdint>

#include "kernels/base/block_team.cuh"
#include "kernels/base/chains.hpp"
#include "kernels/base/fold_cuda.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg {

/// Values by slot in a thread's registers.
template <int kSlots>
struct Registers {
  float value[kSlots];
  __device__ __forceinline__ float& operator[](int slot) { return value[slot]; }
  __device__ __forceinline__ const float& operator[](int slot) const { return value[slot]; }
};

template <int kGroup>
class GroupTeam {
 public:
  static constexpr int kThreads = 128, kRows = kThreads / kGroup;
  static constexpr bool kOnChip = true;
  using Values = Registers<1>;
  static std::size_t shared_bytes(std::int64_t, int) { return 0; }

  __device__ GroupTeam(std::int64_t rows, std::int64_t cols, bool)
      : row_(std::int64_t{blockIdx.x} * kRows + threadIdx.x / kGroup),
        element_(static_cast<int>(threadIdx.x) % kGroup),
        present_(row_ < rows),
        inside_(present_ && element_ < cols) {}

  __device__ std::int64_t row() const { return row_; }
  __device__ bool present() const { return present_; }
  __device__ bool leads() const { return present_ && element_ == 0; }

  __device__ __forceinline__ Values load(int, const float* from) const { return view(from); }
  __device__ __forceinline__ Values view(const float* from) const {
    return {{inside_ ? from[element_] : 0.0f}};
  }
  __device__ __forceinline__ Values& overwritten(Values& values, float*) const { return values; }

  template <class Step>
  __device__ __forceinline__ float sum(Step step) const {
    const float chain = step(0.0f, 0, std::int64_t{element_});
    return butterfly<kGroup>(inside_ ? chain : 0.0f, Add{});
  }
  __device__ __forceinline__ float max(const Values& x) const {
    return butterfly<kGroup>(inside_ ? x[0] : -INFINITY, Larger{});
  }
  template <class F>
  __device__ __forceinline__ void store(float* to, F f) const {
    const float value = f(0, std::int64_t{element_});
    if (inside_) to[element_] = value;
  }

 private:
  std::int64_t row_;
  int element_;
  bool present_, inside_;
};

template <int kQuads>
class WarpTeam {
 public:
  static constexpr int kThreads = 128, kRows = kThreads / kWarp;
  static constexpr bool kOnChip = true;
  using Values = Registers<4 * kQuads>;
  static std::size_t shared_bytes(std::int64_t, int) { return 0; }

  __device__ WarpTeam(std::int64_t rows, std::int64_t cols, bool vectors)
      : row_(std::int64_t{blockIdx.x} * kRows + warp_index()),
        count_(row_ < rows ? static_cast<int>(cols) : 0),
        present_(row_ < rows),
        vectors_(vectors) {}

  __device__ std::int64_t row() const { return row_; }
  __device__ bool present() const { return present_; }
  __device__ bool leads() const { return present_ && lane_index() == 0; }

  __device__ __forceinline__ Values load(int, const float* from) const { return view(from); }
  __device__ __forceinline__ Values view(const float* from) const {
    Values values;
#pragma unroll
    for (int i = 0; i < kQuads; ++i) {
      const float4 quad = load_quad(from + first(i), count_ - first(i), vectors_);
      values[4 * i] = quad.x, values[4 * i + 1] = quad.y;
      values[4 * i + 2] = quad.z, values[4 * i + 3] = quad.w;
    }
    return values;
  }
  __device__ __forceinline__ Values& overwritten(Values& values, float*) const { return values; }

  template <class Step>
  __device__ __forceinline__ float sum(Step step) const {
    float chain[4] = {};
#pragma unroll
    for (int slot = 0; slot < 4 * kQuads; ++slot) {
      const int j = first(slot / 4) + slot % 4;
      const float next = step(chain[slot % 4], slot, std::int64_t{j});
      chain[slot % 4] = j < count_ ? next : chain[slot % 4];
    }
    return fold_chains(make_float4(chain[0], chain[1], chain[2], chain[3]));
  }
  __device__ __forceinline__ float max(const Values& x) const {
    float best = -INFINITY;
#pragma unroll
    for (int slot = 0; slot < 4 * kQuads; ++slot) {
      if (first(slot / 4) + slot % 4 < count_) best = fmaxf(best, x[slot]);
    }
    return butterfly<kWarp>(best, Larger{});
  }
  template <class F>
  __device__ __forceinline__ void store(float* to, F f) const {
#pragma unroll
    for (int i = 0; i < kQuads; ++i) {
      const std::int64_t j = first(i);
      const float4 quad =
          make_float4(f(4 * i, j), f(4 * i + 1, j + 1), f(4 * i + 2, j + 2), f(4 * i + 3, j + 3));
      store_quad(to + j, quad, count_ - j, vectors_);
    }
  }

 private:
  /// The first element of this lane's i-th quad.
  static __device__ __forceinline__ int first(int i) { return kChains * i + 4 * lane_index(); }

  std::int64_t row_;
  int count_;
  bool present_, vectors_;
};

template <class T>
struct TeamTag {
  using Team = T;
};

/// f(TeamTag<Team>{}) with the team for rows of `cols` elements, `kept_rows` of them on chip at a time.
template <class F>
void with_row_team(std::int64_t cols, int kept_rows, F f) {
  if (cols <= 2) return f(TeamTag<GroupTeam<2>>{});
  if (cols <= 4) return f(TeamTag<GroupTeam<4>>{});
  if (cols <= 8) return f(TeamTag<GroupTeam<8>>{});
  if (cols <= 16) return f(TeamTag<GroupTeam<16>>{});
  if (cols <= 32) return f(TeamTag<GroupTeam<32>>{});
  if (cols <= 128) return f(TeamTag<WarpTeam<1>>{});
  if (cols <= 256) return f(TeamTag<WarpTeam<2>>{});
  if (cols <= 512) return f(TeamTag<WarpTeam<4>>{});
  if (cols <= 1024) return f(TeamTag<WarpTeam<8>>{});
  if (BlockTeam<true>::shared_bytes(cols, kept_rows) <= detail::kSharedWithoutAsking) {
    return f(TeamTag<BlockTeam<true>>{});
  }
  return f(TeamTag<BlockTeam<false>>{});
}

template <class Team>
LaunchShape team_shape(std::int64_t rows, std::int64_t cols, int kept_rows) {
  return {blocks_for(rows, Team::kRows), Team::kThreads, Team::shared_bytes(cols, kept_rows)};
}

}  // namespace thalweg
