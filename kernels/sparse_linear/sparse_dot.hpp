#pragma once
// Dot product of a sparse row with a dense weight vector as 128 chains and their fold, for the CPU files of
// this op (compiled once per instruction set). One register holds kLanes neighbouring chains.
#include <cstdint>
#include <utility>

#include "kernels/base/fold_cpu.hpp"
#include "kernels/base/simd.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::THALWEG_ISA {

/// chain + weight * value for the next kLanes entries.
THALWEG_HD Vec join_chains(const float* weight, const std::int32_t* columns, const float* values, Vec chain) {
#if defined(__AVX512F__)
  const Vec w =
      (Vec)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xFFFF, _mm512_loadu_si512(columns), weight, 4);
#elif defined(__AVX2__)
  const __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns));
  const Vec w = (Vec)_mm256_i32gather_ps(weight, index, 4);
#else
  Vec w;
  for (int i = 0; i < kLanes; ++i) w[i] = weight[columns[i]];
#endif
  return fma(w, load(values), chain);
}

/// The last `count` < kLanes entries of a row, in the first lanes; the other lanes may hold anything. A row
/// of kLanes entries or more is read up to its end and rotated. A masked load of the last entries alone
/// would reach into the next row, which no one prefetched, and would wait for its line although the lanes
/// are masked.
struct LastEntries {
#if defined(__AVX512F__)
  __mmask16 mask;
  __m512i columns;
  __m512 values;

  THALWEG_HD LastEntries(SparseEntries row, std::int64_t count)
      : mask(static_cast<__mmask16>((1u << count) - 1u)) {
    if (row.count < kLanes) {
      columns = _mm512_maskz_loadu_epi32(mask, row.columns);
      values = _mm512_maskz_loadu_ps(mask, row.values);
      return;
    }
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i turn = _mm512_sub_epi32(lane, _mm512_set1_epi32(static_cast<int>(count)));
    columns =
        _mm512_maskz_permutexvar_epi32(mask, turn, _mm512_loadu_si512(row.columns + row.count - kLanes));
    values = _mm512_maskz_permutexvar_ps(mask, turn, _mm512_loadu_ps(row.values + row.count - kLanes));
  }
#elif defined(__AVX2__)
  __m256i mask, columns;
  __m256 values;

  THALWEG_HD LastEntries(SparseEntries row, std::int64_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i counts = _mm256_set1_epi32(static_cast<int>(count));
    mask = _mm256_cmpgt_epi32(counts, lane);
    if (row.count < kLanes) {
      columns = _mm256_maskload_epi32(row.columns, mask);
      values = _mm256_maskload_ps(row.values, mask);
      return;
    }
    const __m256i turn = _mm256_sub_epi32(lane, counts);
    const auto* const last = reinterpret_cast<const __m256i*>(row.columns + row.count - kLanes);
    columns = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(last), turn);
    values = _mm256_permutevar8x32_ps(_mm256_loadu_ps(row.values + row.count - kLanes), turn);
  }
#else
  const std::int32_t* columns;
  const float* values;
  std::int64_t count;

  THALWEG_HD LastEntries(SparseEntries row, std::int64_t n)
      : columns(row.columns + row.count - n), values(row.values + row.count - n), count(n) {}
#endif

  /// join_chains in the first lanes; the other chains stay as they are (adding zero to them would turn a -0
  /// into +0).
  THALWEG_HD Vec join(const float* weight, Vec chain) const {
#if defined(__AVX512F__)
    const __m512 w = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, columns, weight, 4);
    return (Vec)_mm512_mask3_fmadd_ps(w, values, (__m512)chain, mask);
#elif defined(__AVX2__)
    const __m256 w = _mm256_mask_i32gather_ps(_mm256_setzero_ps(), weight, columns, (__m256)mask, 4);
    return (Vec)_mm256_blendv_ps((__m256)chain, _mm256_fmadd_ps(w, values, (__m256)chain), (__m256)mask);
#else
    for (std::int64_t i = 0; i < count; ++i) chain[i] = fma(weight[columns[i]], values[i], chain[i]);
    return chain;
#endif
  }
};

/// join_chains for the entries from `at` on, kLanes of them or as many as there are.
THALWEG_HD Vec join_rest(const float* weight, SparseEntries row, std::int64_t at, Vec chain) {
  const std::int64_t rest = row.count - at;
  if (rest >= kLanes) return join_chains(weight, row.columns + at, row.values + at, chain);
  return rest > 0 ? LastEntries(row, rest).join(weight, chain) : chain;
}

/// The chains of a row. Each is named by a constant: an array that a loop walks would lie in memory.
template <int... kVec>
THALWEG_HD float sparse_dot(const float* weight, SparseEntries row, std::integer_sequence<int, kVec...>) {
  Vec chain[kChainVecs] = {};
  std::int64_t j = 0;
  for (; j + kChains <= row.count; j += kChains)
    ((chain[kVec] =
          join_chains(weight, row.columns + j + kVec * kLanes, row.values + j + kVec * kLanes, chain[kVec])),
     ...);
  ((chain[kVec] = join_rest(weight, row, j + kVec * kLanes, chain[kVec])), ...);
  return fold_registers(chain);
}

THALWEG_HD float sparse_dot(const float* weight, SparseEntries row) {
  return sparse_dot(weight, row, std::make_integer_sequence<int, kChainVecs>{});
}

}  // namespace thalweg::THALWEG_ISA
