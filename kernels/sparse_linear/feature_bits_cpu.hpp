#pragma once
// A bitmap of features: marking them, and the rank of each word.
#include <cstdint>

#include "kernels/base/simd.hpp"

namespace thalweg::THALWEG_ISA {

using Word = std::uint64_t;

constexpr std::int64_t kWordBits = 64;
constexpr std::int64_t kBlockWords = 64;  // words whose emptiness one mask describes

/// Marks a feature; says whether it was not marked yet.
THALWEG_HD bool mark_feature(Word* bits, std::int32_t feature) {
  const auto column = static_cast<std::uint32_t>(feature);
  const Word word = bits[column / kWordBits], bit = Word{1} << (column % kWordBits);
  bits[column / kWordBits] = word | bit;
  return (word & bit) == 0;
}

/// Bit i of the result: word i is not zero, for one block.
THALWEG_HD Word nonzero_words(const Word* words) {
  Word mask = 0;
#if defined(__AVX512F__)
  for (int i = 0; i < kBlockWords; i += 8) {
    const __m512i eight = _mm512_loadu_si512(words + i);
    mask |= static_cast<Word>(_mm512_test_epi64_mask(eight, eight)) << i;
  }
#elif defined(__AVX2__)
  for (int i = 0; i < kBlockWords; i += 4) {
    const __m256i four = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + i));
    const __m256i empty = _mm256_cmpeq_epi64(four, _mm256_setzero_si256());
    mask |= static_cast<Word>(~_mm256_movemask_pd(_mm256_castsi256_pd(empty)) & 15) << i;
  }
#else
  for (int i = 0; i < kBlockWords; ++i) mask |= static_cast<Word>(words[i] != 0) << i;
#endif
  return mask;
}

/// before[w]: how many features are marked in the words before word w; returns how many there are in all.
/// words > 0.
inline std::int32_t rank_words(const Word* bits, std::int64_t words, std::int32_t* before) {
#if defined(__AVX512F__)
  // Masked forms, because GCC 12 warns of the plain ones' undefined pass-through.
  const __m512i nibbles = _mm512_set1_epi8(15);
  const __m512i counts =
      _mm512_maskz_broadcast_i32x4(0xFFFF, _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m512i none = _mm512_setzero_si512();
  __m512i all = none;
  for (std::int64_t w = 0; w < words; w += 8) {
    const __m512i eight = _mm512_loadu_si512(bits + w);
    const __m512i low = _mm512_shuffle_epi8(counts, _mm512_and_si512(eight, nibbles));
    const __m512i high = _mm512_shuffle_epi8(counts, _mm512_and_si512(_mm512_srli_epi16(eight, 4), nibbles));
    const __m512i own = _mm512_sad_epu8(_mm512_add_epi8(low, high), none);
    __m512i sum = _mm512_add_epi64(own, _mm512_maskz_alignr_epi64(0xFF, own, none, 7));
    sum = _mm512_add_epi64(sum, _mm512_maskz_alignr_epi64(0xFF, sum, none, 6));
    sum = _mm512_add_epi64(sum, _mm512_maskz_alignr_epi64(0xFF, sum, none, 4));
    const __m512i at = _mm512_sub_epi64(_mm512_add_epi64(all, sum), own);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(before + w), _mm512_maskz_cvtepi64_epi32(0xFF, at));
    all = _mm512_add_epi64(all, _mm512_maskz_permutexvar_epi64(0xFF, _mm512_set1_epi64(7), sum));
  }
#else
  std::int32_t rank = 0;
  for (std::int64_t w = 0; w < words; ++w) {
    before[w] = rank;
    rank += __builtin_popcountll(bits[w]);
  }
#endif
  return before[words - 1] + __builtin_popcountll(bits[words - 1]);
}

}  // namespace thalweg::THALWEG_ISA
