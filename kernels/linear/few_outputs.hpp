#pragma once
// Dot products of layers with at most kFewOutputs outputs: 128 chains, element j on chain j mod 128, and
// their tree (kernels/common/chains.hpp), one chain per lane of 128 / kLanes registers.
#include <cstdint>

#include "kernels/common/fold_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Sum over j of x[j] * w[j]. On the way it asks for 4n / 2 bytes from `ahead` on, which may be any address.
THALWEG_HD float chain_dot(const float* x, const float* w, std::int64_t n, const char* ahead) {
  Vec chain[kChainVecs] = {};
  std::int64_t j = 0;
  for (; j + kChains <= n; j += kChains) {
#pragma GCC unroll 32
    for (int v = 0; v < kChainVecs; ++v)
      chain[v] = fma(load(x + j + v * kLanes), load(w + j + v * kLanes), chain[v]);
    for (int line = 0; line < 4; ++line) __builtin_prefetch(ahead + 2 * j + 64 * line, 0, 2);
  }
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
      chain[v] = fma_first(load_first(x + at, rest - at), load_first(w + at, rest - at), chain[v], rest - at);
    }
  }
  return fold_registers(chain);
}

}  // namespace thalweg::THALWEG_ISA
