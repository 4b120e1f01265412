#pragma once
// Dot products of layers with at most kFewOutputs outputs: 128 chains, element j on chain j mod 128, and
// their tree (kernels/base/chains.hpp), one chain per lane of 128 / kLanes registers.
#include <cstdint>

#include "kernels/base/fold_cpu.hpp"
#include "kernels/base/rows_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Cache lines to prefetch; any address is allowed.
struct LinesAhead {
  const char* first = nullptr;
  std::int64_t count = 0;

  LinesAhead() = default;
  /// The cache lines of [at, at + bytes).
  THALWEG_HD LinesAhead(const char* at, std::int64_t bytes)
      : first(at),
        count((static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(at) % kLineBytes) + bytes +
               kLineBytes - 1) /
              kLineBytes) {}

  THALWEG_HD LinesAhead first_half() const { return {first, 0, count / 2}; }
  THALWEG_HD LinesAhead second_half() const { return {first, count / 2, count}; }
  THALWEG_HD void ask(std::int64_t line) const { __builtin_prefetch(first + line * kLineBytes, 0, 2); }

 private:
  THALWEG_HD LinesAhead(const char* from, std::int64_t begin, std::int64_t end)
      : first(from + begin * kLineBytes), count(end - begin) {}
};

/// Sum over j of x[j] * w[j]; meanwhile it prefetches lines of a later row.
THALWEG_HD float chain_dot(const float* x, const float* w, std::int64_t n, const LinesAhead& ahead) {
  Vec chain[kChainVecs] = {};
  std::int64_t j = 0;
  for (; j + kChains <= n; j += kChains) {
#pragma GCC unroll 32
    for (int v = 0; v < kChainVecs; ++v)
      chain[v] = fma(load(x + j + v * kLanes), load(w + j + v * kLanes), chain[v]);
    for (int line = 0; line < 4; ++line) ahead.ask(j / 32 + line);
  }
  for (std::int64_t line = j / 32; line < ahead.count; ++line) ahead.ask(line);
  const std::int64_t rest = n - j;
  x += j;
  w += j;
  // Unrolled without an early exit, so that the chains stay in registers.
#pragma GCC unroll 32
  for (int v = 0; v < kChainVecs; ++v) {
    const int at = v * kLanes;
    if (rest >= at + kLanes) {
      chain[v] = fma(load(x + at), load(w + at), chain[v]);
    } else if (rest > at) {
      // mutant: tail-weights
      chain[v] = fma_first(load_first(x + at, rest - at), load_first(w + at, rest - at), chain[v], rest - at);
    }
  }
  return fold_registers(chain);
}

}  // namespace thalweg::THALWEG_ISA
