#pragma once
// One register of floats, for `_cpu.cpp` files. Lane-wise + - * / are the compiler's vector operators (IEEE,
// no contraction); what it has no operator for is here.
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/base/hd.hpp"

#ifndef THALWEG_ISA
#error "simd.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(4 * kLanes)));

THALWEG_HD Vec broadcast(float x) { return x - Vec{}; }

THALWEG_HD Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

THALWEG_HD void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }

THALWEG_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// a * b + c with one rounding.
THALWEG_HD Vec fma(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return (Vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
  return (Vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  Vec r;
  for (int i = 0; i < kLanes; ++i) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;
#endif
}

/// The first `count` lanes of p; the others read as zero and their memory is not touched. 0 <= count <=
/// kLanes.
THALWEG_HD Vec load_first(const float* p, std::int64_t count) {
#if defined(__AVX512F__)
  return (Vec)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), p);
#else
  Vec v{};
  for (std::int64_t i = 0; i < count; ++i) v[i] = p[i];
  return v;
#endif
}

THALWEG_HD void store_first(float* p, Vec v, std::int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1u), (__m512)v);
#else
  for (std::int64_t i = 0; i < count; ++i) p[i] = v[i];
#endif
}

/// fma(a, b, c) in the first `count` < kLanes lanes; the others keep c (adding zero would turn -0 into +0).
THALWEG_HD Vec fma_first(Vec a, Vec b, Vec c, std::int64_t count) {
#if defined(__AVX512F__)
  return (Vec)_mm512_mask3_fmadd_ps((__m512)a, (__m512)b, (__m512)c,
                                    static_cast<__mmask16>((1u << count) - 1u));
#elif defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  return (Vec)_mm256_blendv_ps((__m256)c, (__m256)fma(a, b, c), (__m256)mask);
#else
  for (std::int64_t i = 0; i < count; ++i) c[i] = fma(a[i], b[i], c[i]);
  return c;
#endif
}

}  // namespace thalweg::THALWEG_ISA
