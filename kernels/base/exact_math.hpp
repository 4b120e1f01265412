#pragma once
// exp, log, log1p, tanh, sigmoid, softplus and erf in float32, the same bits on every processor.
//
// Only + - * /, explicit fma and operations on the bits are used, each rounded as IEEE 754 says, with
// denormals kept. The code fixes the order of the operations: compile it without contraction
// (-ffp-contract=off, -fmad=false). Both sides of a choice are computed and one is selected, so that loops
// vectorise. A NaN gives a NaN; only its sign and payload are unspecified.
//
// Largest error, in units in the last place of the exact result, over all 2^32 arguments against double:
//   exp 0.78   log 0.94   log1p 1.55   tanh 1.48   sigmoid 1.48   softplus 1.88   erf 1.09
//
// The polynomials are minimax fits (Lawson's weighted least squares), their coefficients rounded to float one
// by one from the lowest with the rest fitted anew; argument reduction as in Muller, "Elementary Functions",
// 2016.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg::exact {

constexpr float kInfinity = __builtin_huge_valf();
constexpr float kLn2 = 0x1.62e43p-1f;        // ln 2 rounded to float
constexpr float kLn2Rest = -0x1.05c61p-29f;  // ln 2 - kLn2
constexpr std::uint32_t kSignBit = 0x80000000u;

THALWEG_HD constexpr std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
THALWEG_HD constexpr float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
THALWEG_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
THALWEG_HD float abs(float x) { return float_of(bits_of(x) & ~kSignBit); }
THALWEG_HD float with_sign_of(float magnitude, float x) {
  return float_of(bits_of(magnitude) | (bits_of(x) & kSignBit));
}

/// c0 + x (c1 + x (c2 + ...)), one fma per coefficient from the last to the first.
THALWEG_HD float polynomial(float, float c0) { return c0; }
template <class... Rest>
THALWEG_HD float polynomial(float x, float c0, float c1, Rest... rest) {
  return fma(polynomial(x, c1, rest...), x, c0);
}

/// exp(x) = 2^n exp(r), n the integer nearest to x / ln 2. The power of two is applied as two factors: the
/// first product is exact, the second rounds once, also into the denormals and to infinity.
THALWEG_HD float exp(float x) {
  constexpr float kLog2e = 0x1.715476p+0f;
  constexpr float kShift = 0x1.8p+23f;  // adding it leaves the nearest integer in the low bits
  float in_range = x < -104.0f ? -104.0f : x;
  in_range = in_range > 89.0f ? 89.0f : in_range;  // NaN passes both
  const float shifted = fma(in_range, kLog2e, kShift);
  const float n = shifted - kShift;
  const float r_high = fma(-n, kLn2, in_range);  // exact
  const float r = fma(-n, kLn2Rest, r_high);
  const float q =
      polynomial(r, 0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558aep-5f, 0x1.123982p-7f, 0x1.6a4f66p-10f);
  const float tail = fma(-n, kLn2Rest, r * r * q);
  const float head = 1.0f + r_high;
  const float power = head + (r_high - (head - 1.0f) + tail);  // what rounding head lost joins the tail
  const std::int32_t exponent = static_cast<std::int32_t>(bits_of(shifted) - bits_of(kShift));
  const std::int32_t half = exponent >> 1;
  const float first = float_of((static_cast<std::uint32_t>(half) + 127u) << 23);
  const float second = float_of((static_cast<std::uint32_t>(exponent - half) + 127u) << 23);
  return power * first * second;
}

/// log(1 + f) for f in [-1/3, 1/3].
THALWEG_HD float log1p_near_zero(float f) {
  const float p = polynomial(f, 0x1.555506p-2f, -0x1.fffef2p-3f, 0x1.99d05ep-3f, -0x1.559d8ap-3f,
                             0x1.1ed424p-3f, -0x1.f317dep-4f, 0x1.1e73a0p-3f, -0x1.07f7d8p-3f);
  return fma(f * f, fma(p, f, -0.5f), f);
}

constexpr std::uint32_t kTwoThirds = 0x3F2AAAABu;  // bits of the least float >= 2/3
constexpr float kNan = float_of(0x7FC00000u);

/// log(x) = e ln 2 + log(m), x = 2^e m with m in [2/3, 4/3).
THALWEG_HD float log(float x) {
  const bool denormal = x < 0x1p-126f;
  const std::uint32_t b = bits_of(denormal ? x * 0x1p+23f : x);
  const std::uint32_t scale = (b - kTwoThirds) & 0xFF800000u;
  const float e = static_cast<float>(static_cast<std::int32_t>(scale) >> 23) - (denormal ? 23.0f : 0.0f);
  const float m = float_of(b - scale);
  const float value = fma(e, kLn2, log1p_near_zero(m - 1.0f));
  const float outside = x == 0.0f ? -kInfinity : x < 0.0f ? kNan : x;
  return (x > 0.0f) & (x < kInfinity) ? value : outside;
}

/// log(1 + x) = e ln 2 + log(1 + f), 1 + f = 2^-e (1 + x), e from 1 + x as rounded and f from x itself.
THALWEG_HD float log1p(float x) {
  const std::uint32_t scale = (bits_of(1.0f + x) - kTwoThirds) & 0xFF800000u;
  const float e = static_cast<float>(static_cast<std::int32_t>(scale) >> 23);
  const float four_scaled = float_of(bits_of(4.0f) - scale);  // 4 * 2^-e: never below the normal numbers
  const float f = float_of(bits_of(x) - scale) + fma(0.25f, four_scaled, -1.0f);
  const float value = fma(e, kLn2, log1p_near_zero(f));
  const float outside = x == -1.0f ? -kInfinity : x < -1.0f ? kNan : x;  // zeros keep their sign
  return (x > -1.0f) & (x < kInfinity) & (x != 0.0f) ? value : outside;
}

/// x + x^3 P(x^2) below 0.55, 1 - 2 / (exp(2 x) + 1) above; odd.
THALWEG_HD float tanh(float x) {
  const float a = abs(x);
  const float s = a * a;
  const float p =
      polynomial(s, -0x1.555548p-2f, 0x1.110c60p-3f, -0x1.b9064ap-5f, 0x1.581758p-6f, -0x1.9477a6p-8f);
  const float small = fma(a * s, p, a);
  const float large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  return with_sign_of(a < 0.55f ? small : large, x);
}

/// numerator / (1 + e) for e in [0, 1], the quotient corrected once by what it leaves and by what rounding
/// the denominator lost.
THALWEG_HD float over_one_plus(float numerator, float e) {
  const float denominator = 1.0f + e;
  const float lost = e - (denominator - 1.0f);  // exact
  const float reciprocal = 1.0f / denominator;
  const float quotient = numerator * reciprocal;
  const float left = fma(-quotient, lost, fma(-quotient, denominator, numerator));
  return fma(left, reciprocal, quotient);
}

/// 1 / (1 + exp(-x)); for x < 0 as exp(x) / (1 + exp(x)), which keeps the small values.
THALWEG_HD float sigmoid(float x) {
  const float e = exp(-abs(x));
  return over_one_plus(x < 0.0f ? e : 1.0f, e);
}

/// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)).
THALWEG_HD float softplus(float x) { return (x > 0.0f ? x : 0.0f) + log1p(exp(-abs(x))); }

/// x + x P(x^2) below 0.92, 1 - exp(Q(x)) with Q = log(1 - erf) above, 1 from 4 on; odd.
THALWEG_HD float erf(float x) {
  const float a = abs(x);
  const float p = polynomial(a * a, 0x1.06eba8p-3f, -0x1.812740p-2f, 0x1.ce2d64p-4f, -0x1.b8011ap-6f,
                             0x1.544a1ap-8f, -0x1.a60a2ep-11f, 0x1.4f675ep-14f);
  const float small = fma(a, p, a);
  const float t = a > 4.0f ? 4.0f : a;
  const float q = polynomial(t, -0x1.b21216p-13f, -0x1.20ac32p+0f, -0x1.4647aep-1f, -0x1.a9656ap-4f,
                             0x1.6b8ee8p-6f, -0x1.8da268p-9f, 0x1.98d670p-13f);
  const float large = 1.0f - exp(q);
  return with_sign_of(a < 0.92f ? small : large, x);
}

}  // namespace thalweg::exact
