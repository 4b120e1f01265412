#pragma once
// What a row adds to the sums of metrics.hpp, in integers.
#include <cstdint>

#include "kernels/base/exact_math.hpp"
#include "kernels/metrics/metrics.hpp"

namespace thalweg {

constexpr int kDigitBits = 16;
constexpr int kTermDigits = 3;

/// A float32 as mantissa 2^(exponent - 149), exponent 0 to 253; infinity and NaN have 254.
struct Unpacked {
  std::uint32_t mantissa;  ///< below 2^24
  int exponent;
};

constexpr int kNotFinite = 254;

THALWEG_HD Unpacked unpack(float x) {
  const std::uint32_t bits = exact::bits_of(x);
  const std::uint32_t field = bits >> 23 & 0xffu, fraction = bits & 0x7fffffu;
  return {field == 0 ? fraction : fraction | 0x800000u, field == 0 ? 0 : static_cast<int>(field) - 1};
}

/// The digits that a finite term adds at place, place + 1 and place + 2 of an ExactSum.
struct TermDigits {
  int place;
  std::int32_t digit[kTermDigits];
};

THALWEG_HD TermDigits term_digits(float term) {
  const Unpacked x = unpack(term);
  const std::uint64_t wide = std::uint64_t{x.mantissa} << (x.exponent % kDigitBits);
  const std::int32_t sign = exact::bits_of(term) & exact::kSignBit ? -1 : 1;
  TermDigits digits{.place = x.exponent / kDigitBits};
  for (int i = 0; i < kTermDigits; ++i) {
    digits.digit[i] = sign * static_cast<std::int32_t>(wide >> (kDigitBits * i) & 0xffffu);
  }
  return digits;
}

/// The bit of ExactSum::special that a term sets, 0 for a finite one.
THALWEG_HD Count special_of(float term) {
  if (term != term) return 1;
  return unpack(term).exponent == kNotFinite ? (term > 0.0f ? 2 : 4) : 0;
}

/// The residual of an output.
THALWEG_HD float residual(float z, float target, bool rates) { return (rates ? exact::exp(z) : z) - target; }

/// The nearest number of units, for finite weights >= 0 that are below 2^(unit + 62).
THALWEG_HD Count fixed_weight(float weight, int unit) {
  const Unpacked w = unpack(weight);
  const int shift = w.exponent - 149 - unit;
  if (shift >= 0) return Count{w.mantissa} << shift;
  if (shift < -25) return 0;
  return (Count{w.mantissa} + (Count{1} << (-shift - 1))) >> -shift;
}

THALWEG_HD Count sample_weight(const LossTargets& targets, std::int64_t row, int unit) {
  return fixed_weight(targets.weight != nullptr ? targets.weight[row] : 1.0f, unit);
}

/// The data set's row of row n of a batch.
THALWEG_HD std::int64_t data_row(const LossTargets& targets, std::int64_t n) {
  return targets.ids != nullptr ? targets.ids[n] : n;
}

/// The class that a target names, -1 when there is none.
THALWEG_HD std::int64_t target_class(float target, std::int64_t classes) {
  const bool inside = target >= 0.0f && target < static_cast<float>(classes);
  return inside ? static_cast<std::int64_t>(target) : -1;
}

/// The first of the largest outputs, a NaN left out; of a single output, class 1 where it is positive.
THALWEG_HD std::int64_t predicted_class(const float* z, std::int64_t outputs) {
  if (outputs == 1) return z[0] > 0.0f ? 1 : 0;  // mutant: score-above-zero
  float largest = -exact::kInfinity;
  std::int64_t best = 0;
  for (std::int64_t k = 0; k < outputs; ++k) {
    if (!(z[k] > largest)) continue;
    largest = z[k];
    best = k;
  }
  return best;
}

/// Unsigned keys in the order of the scores: zeros are equal, NaN is the largest.
THALWEG_HD std::uint32_t score_key(float score) {
  if (score != score) return 0xffffffffu;
  const std::uint32_t bits = score == 0.0f ? 0u : exact::bits_of(score);
  return bits & exact::kSignBit ? ~bits : bits | exact::kSignBit;
}

/// Adds a b to `limb`, whose place values are 2^(32 i), by the four products of their halves.
THALWEG_HD void add_product(Count a, Count b, Count (&limb)[4]) {
  constexpr Count kLow = 0xffffffffu;
  const Count low = (a & kLow) * (b & kLow), high = (a >> 32) * (b >> 32);
  const Count first = (a >> 32) * (b & kLow), second = (a & kLow) * (b >> 32);
  limb[0] += low & kLow;
  limb[1] += (low >> 32) + (first & kLow) + (second & kLow);
  limb[2] += (first >> 32) + (second >> 32) + (high & kLow);
  limb[3] += high >> 32;
}

}  // namespace thalweg
