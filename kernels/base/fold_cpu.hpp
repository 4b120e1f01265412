#pragma once
// fold_chains of chains.hpp, on registers: one holds kLanes neighbouring chains.
#include "kernels/base/chains.hpp"
#include "kernels/base/simd.hpp"

namespace thalweg::THALWEG_ISA {

constexpr int kChainVecs = kChains / kLanes;

/// The levels of the fold that run inside a register.
THALWEG_HD float fold_lanes(Vec v) {
#if defined(__AVX2__)
#if defined(__AVX512F__)
  const __m256 eight = (__m256)(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                                __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
#else
  const __m256 eight = (__m256)v;
#endif
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
#else
  for (int stride = kLanes / 2; stride > 0; stride /= 2)
    for (int i = 0; i < stride; ++i) v[i] = v[i] + v[i + stride];
  return v[0];
#endif
}

/// fold_chains of chains.hpp, on registers.
THALWEG_HD float fold_registers(Vec* chain) {
#pragma GCC unroll 8
  for (int stride = kChainVecs / 2; stride > 0; stride /= 2)
    for (int i = 0; i < stride; ++i) chain[i] = chain[i] + chain[i + stride];  // mutant: halves-folded
  return fold_lanes(chain[0]);
}

}  // namespace thalweg::THALWEG_ISA
