#pragma once
// The team of a long row (chains_cuda.cuh): 128 threads, a chain each.
#include <cstddef>
#include <cstdint>

#include "kernels/base/chains.hpp"
#include "kernels/base/fold_cuda.cuh"
#include "kernels/base/shared.cuh"

namespace thalweg {

template <bool kKeepsRow>
class BlockTeam {
 public:
  static constexpr int kThreads = kChains, kRows = 1;
  static constexpr bool kOnChip = kKeepsRow;

  /// This thread's elements of a row: slot i is element 128 i + thread.
  struct Values {
    float* mine;
    __device__ __forceinline__ float& operator[](int slot) const {
      return mine[std::int64_t{slot} * kChains];
    }
  };
  struct View {
    const float* mine;
    __device__ __forceinline__ float operator[](int slot) const { return mine[std::int64_t{slot} * kChains]; }
  };
  /// Dynamic shared memory: what the threads exchange, then the rows.
  static std::size_t shared_bytes(std::int64_t cols, int kept_rows) {
    const std::size_t rows =
        kKeepsRow ? static_cast<std::size_t>(cols) * static_cast<std::size_t>(kept_rows) : 0;
    return sizeof(float) * (kChains + rows);
  }

  __device__ BlockTeam(std::int64_t, std::int64_t cols, bool)
      : row_(blockIdx.x), count_(cols), exchange_(dynamic_shared<float>()) {}

  __device__ std::int64_t row() const { return row_; }
  __device__ bool present() const { return true; }
  __device__ bool leads() const { return threadIdx.x == 0; }

  __device__ __forceinline__ auto load(int k, const float* from) const {
    if constexpr (kKeepsRow) {
      const Values values{exchange_ + kChains + k * count_ + threadIdx.x};
      each([&](int slot, std::int64_t j) { values[slot] = from[j]; });
      return values;
    } else {
      return view(from);
    }
  }
  __device__ __forceinline__ View view(const float* from) const { return {from + threadIdx.x}; }
  __device__ __forceinline__ Values overwritten(const Values& values, float*) const { return values; }
  __device__ __forceinline__ Values overwritten(const View&, float* to) const { return {to + threadIdx.x}; }

  template <class Step>
  __device__ __forceinline__ float sum(Step step) const {
    float chain = 0.0f;
    each([&](int slot, std::int64_t j) { chain = step(chain, slot, j); });
    return across(chain, Add{});
  }
  template <class Row>
  __device__ __forceinline__ float max(const Row& x) const {
    float best = -INFINITY;
    each([&](int slot, std::int64_t) { best = fmaxf(best, x[slot]); });
    return across(best, Larger{});
  }
  template <class F>
  __device__ __forceinline__ void store(float* to, F f) const {
    each([&](int slot, std::int64_t j) { to[j] = f(slot, j); });
  }

 private:
  template <class Body>
  __device__ __forceinline__ void each(Body body) const {
    int slot = 0;
#pragma unroll 4
    for (std::int64_t j = threadIdx.x; j < count_; j += kChains) body(slot++, j);
  }

  /// The tree over the threads' values; its first two levels are done by every warp for itself.
  template <class Op>
  __device__ __forceinline__ float across(float value, Op op) const {
    __syncthreads();  // nobody still reads the last exchange
    exchange_[threadIdx.x] = value;
    __syncthreads();
    const float* chain = exchange_ + lane_index();
    const float even = op(chain[0], chain[64]), odd = op(chain[32], chain[96]);
    return butterfly<kWarp>(op(even, odd), op);
  }

  std::int64_t row_, count_;
  float* exchange_;
};

}  // namespace thalweg
