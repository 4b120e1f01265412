#pragma once
// Loops that do nothing but move memory or multiply and add: what the machine can reach, to hold the ops
// against. Each works on one thread's share of an array; counts are multiples of kStreamStep.
#include <cstdint>

#include "kernels/base/isa.hpp"

namespace thalweg::bench {

/// Floats that a step of every loop takes.
constexpr std::int64_t kStreamStep = 128;
/// Multiplications and additions of a round of StreamOps::fma are 2 * lanes * kFmaChains.
constexpr std::int64_t kFmaChains = 12;
constexpr std::int64_t kFmaZeros = (1 + kFmaChains) * 16;
/// State arrays that StreamOps::update can take besides parameter and gradient.
constexpr int kMostStates = 3;

/// The loops return a value only to keep them from being optimised away.
struct StreamOps {
  int lanes;  ///< floats in a register
  float (*read)(const float* from, std::int64_t count);
  /// Rows ids[0 .. rows) of `columns` floats each, `ahead` rows prefetched ahead.
  float (*read_rows)(const float* base, const std::int64_t* ids, std::int64_t rows, std::int64_t columns,
                     std::int64_t ahead);
  void (*copy)(float* to, const float* from, std::int64_t count);
  void (*copy_streaming)(float* to, const float* from, std::int64_t count);  ///< with non-temporal stores
  void (*triad)(float* to, const float* a, const float* b, std::int64_t count);
  /// The memory traffic of an optimizer with `states` states: param and states are read and written in place,
  /// grad is read. `ahead`: floats by which each stream is prefetched; 0: not at all.
  void (*update)(int states, float* param, const float* grad, float* const* state, std::int64_t count,
                 std::int64_t ahead);
  /// zeros: kFmaZeros of them; a denormal would take the slow path.
  float (*fma)(std::int64_t rounds, const float* zeros);
};

}  // namespace thalweg::bench

namespace thalweg {
THALWEG_CPU_TABLE(bench::StreamOps, streams_cpu)
}  // namespace thalweg
