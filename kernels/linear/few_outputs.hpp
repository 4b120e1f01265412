#pragma once
// Dot products of layers with at most kFewOutputs outputs: 128 chains, element j on chain j mod 128, and
// their tree (kernels/common/chains.hpp), one chain per lane of 128 / kLanes registers.
#include <cstdint>

#include "kernels/common/chains.hpp"
#include "kernels/common/simd.hpp"

namespace thalweg::THALWEG_ISA {

constexpr int kChainVecs = kChains / kLanes;

struct Chains {
  Vec acc[kChainVecs];
};

/// Finishes chains whose first `done` elements (a multiple of kLanes) are in: the rest one by one, then the
/// tree.
THALWEG_HD float finish_chains(const Chains& c, const float* x, const float* w, std::int64_t done,
                               std::int64_t n) {
  alignas(64) float chain[kChains];
#pragma GCC unroll 32
  for (int v = 0; v < kChainVecs; ++v) store(chain + v * kLanes, c.acc[v]);
  for (std::int64_t j = done; j < n; ++j) chain[j % kChains] = fma(x[j], w[j], chain[j % kChains]);
  for (int stride = kChains / 2; stride >= kLanes; stride /= 2) {
    for (int i = 0; i < stride; i += kLanes) store(chain + i, load(chain + i) + load(chain + i + stride));
  }
  for (int stride = kLanes / 2; stride > 0; stride /= 2) {
    for (int i = 0; i < stride; ++i) chain[i] = chain[i] + chain[i + stride];
  }
  return chain[0];
}

/// Sum over j of x[j] * w[j]. On the way it asks for 4n / 2 bytes from `ahead` on, which may be any address.
THALWEG_HD float chain_dot(const float* x, const float* w, std::int64_t n, const char* ahead) {
  Chains c{};
  std::int64_t j = 0;
  for (; j + kChains <= n; j += kChains) {
#pragma GCC unroll 32
    for (int v = 0; v < kChainVecs; ++v)
      c.acc[v] = fma(load(x + j + v * kLanes), load(w + j + v * kLanes), c.acc[v]);
    for (int line = 0; line < 4; ++line) __builtin_prefetch(ahead + 2 * j + 64 * line, 0, 2);
  }
#pragma GCC unroll 32
  for (int v = 0; v < kChainVecs; ++v) {
    if (j + kLanes > n) break;
    c.acc[v] = fma(load(x + j), load(w + j), c.acc[v]);
    j += kLanes;
  }
  return finish_chains(c, x, w, j, n);
}

}  // namespace thalweg::THALWEG_ISA
