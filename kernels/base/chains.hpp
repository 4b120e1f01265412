#pragma once
// Sums along a row (docs/numerics.md, "Sums along a row"): element j joins chain j mod 128, each chain
// ascends in j from +0, and a fixed tree folds the chains: chain c takes in chain c + 64, then c + 32, ...
// then c + 1.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

constexpr int kChains = 128;

/// Up to this many outputs a dot product runs as 128 chains and a tree, by the layer's shape alone.
constexpr std::int64_t kFewOutputs = 8;

/// Folds the 128 chains in place and returns the sum.
THALWEG_HD float fold_chains(float* chain) {
  for (int stride = kChains / 2; stride > 0; stride /= 2) {
    for (int c = 0; c < stride; ++c) chain[c] = chain[c] + chain[c + stride];
  }
  return chain[0];
}

/// Sum of term(j) over j in [0, n) by chains. step(chain, j) returns the chain's next value, so that a dot
/// product can use one fma per element. This is the plain form of the order; `_cpu.cpp` files vectorise it in
/// their hot loops.
template <class Step>
THALWEG_HD float chain_sum(std::int64_t n, Step step) {
  float chain[kChains] = {};
  for (std::int64_t j = 0; j < n; ++j) chain[j % kChains] = step(chain[j % kChains], j);
  return fold_chains(chain);
}

}  // namespace thalweg
