#pragma once
// Standard normal numbers from Philox (Box and Muller 1958), element by element, for CPU and CUDA.
// Element e of stream p at step t takes word block {e / 4, p, low half of t, high half of t}; words 0 and 1
// give elements 0 and 1 of the block, words 2 and 3 elements 2 and 3:
//   u = fma(float(first word), 2^-32, 2^-33)                in (0, 1]
//   r = sqrt(-2 log(u))                                     at most 6.77
//   angle: 2 pi (second word) / 2^32, as quarter turns q = (word + 2^29) >> 30 and the signed rest
//     h = float(int(word - (q << 30))) * (pi/2 * 2^-30)     in [-pi/4, pi/4]
//   even element = r cos, odd element = r sin, by the polynomials below and the quarter turn
#include <cstdint>

#include "kernels/base/exact_math.hpp"
#include "kernels/base/philox.hpp"

namespace thalweg {

constexpr int kNormalsPerBlock = 4;

struct NormalPair {
  float even, odd;
};

/// Taylor series on [-pi/4, pi/4]: what is left out is below 4e-9.
THALWEG_HD float sine_near_zero(float h) {
  const float s = h * h;
  const float p = exact::polynomial(s, -0x1.555556p-3f, 0x1.111112p-7f, -0x1.a01a02p-13f, 0x1.71de3ap-19f);
  return exact::fma(h * s, p, h);
}
THALWEG_HD float cosine_near_zero(float h) {
  return exact::polynomial(h * h, 1.0f, -0.5f, 0x1.555556p-5f, -0x1.6c16c2p-10f, 0x1.a01a02p-16f,
                           -0x1.27e4fcp-22f);
}

THALWEG_HD NormalPair normal_pair(std::uint32_t first, std::uint32_t second) {
  constexpr float kHalfPi = 0x1.921fb6p+0f;
  const float u = exact::fma(static_cast<float>(first), 0x1p-32f, 0x1p-33f);
  const float r = __builtin_sqrtf(-2.0f * exact::log(u));
  const std::uint32_t turns = (second + 0x20000000u) >> 30;
  const float h =
      static_cast<float>(static_cast<std::int32_t>(second - (turns << 30))) * (kHalfPi * 0x1p-30f);
  const float sine = sine_near_zero(h), cosine = cosine_near_zero(h);
  const bool swapped = (turns & 1u) != 0;
  const float x = swapped ? sine : cosine, y = swapped ? cosine : sine;
  const bool x_negative = turns == 1u || turns == 2u, y_negative = turns >= 2u;
  return {r * (x_negative ? -x : x), r * (y_negative ? -y : y)};
}

THALWEG_HD PhiloxBlock noise_block(PhiloxKey key, std::uint64_t step, std::uint32_t stream,
                                   std::int64_t block) {
  return philox({{static_cast<std::uint32_t>(block), stream, static_cast<std::uint32_t>(step),
                  static_cast<std::uint32_t>(step >> 32)}},
                key);
}

THALWEG_HD void normal_block(PhiloxKey key, std::uint64_t step, std::uint32_t stream, std::int64_t block,
                             float (&z)[kNormalsPerBlock]) {
  const PhiloxBlock words = noise_block(key, step, stream, block);
  const NormalPair low = normal_pair(words.word[0], words.word[1]);
  const NormalPair high = normal_pair(words.word[2], words.word[3]);
  z[0] = low.even, z[1] = low.odd, z[2] = high.even, z[3] = high.odd;
}

}  // namespace thalweg
