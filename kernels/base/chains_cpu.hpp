#pragma once
// The sums of chains.hpp in a form that the compiler vectorises. A block of 128 elements updates 128
// different chains, so the inner loop has no dependence. Its fixed length keeps all chains in registers. The
// bits are those of chain_sum.
#include <cstdint>

#include "kernels/base/fold_cpu.hpp"

#ifndef THALWEG_ISA
#error "chains_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

/// fold_chains without the memory between its levels.
THALWEG_HD float fold_in_registers(const float* chain) {
  Vec v[kChainVecs];
  for (int i = 0; i < kChainVecs; ++i) v[i] = load(chain + i * kLanes);
  return fold_registers(v);
}

/// The sum over j in [0, n): step(j, chain) moves the chain of element j on.
template <class Step>
THALWEG_HD float row_sum(std::int64_t n, const Step& step) {
  float chain[kChains] = {};
  std::int64_t j = 0;
  for (; j + kChains <= n; j += kChains) {
    for (int c = 0; c < kChains; ++c) step(j + c, chain[c]);
  }
  const int rest = static_cast<int>(n - j);
  for (int c = 0; c < rest; ++c) step(j + c, chain[c]);
  return fold_in_registers(chain);
}

/// Two sums over the same elements in one pass: step(j, chain of the first sum, chain of the second).
template <class Step>
THALWEG_HD void row_sums(std::int64_t n, float& first_sum, float& second_sum, const Step& step) {
  float first[kChains] = {}, second[kChains] = {};
  std::int64_t j = 0;
  for (; j + kChains <= n; j += kChains) {
    for (int c = 0; c < kChains; ++c) step(j + c, first[c], second[c]);
  }
  const int rest = static_cast<int>(n - j);
  for (int c = 0; c < rest; ++c) step(j + c, first[c], second[c]);
  first_sum = fold_in_registers(first);
  second_sum = fold_in_registers(second);
}

}  // namespace thalweg::THALWEG_ISA
