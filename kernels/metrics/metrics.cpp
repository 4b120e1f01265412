// The numbers behind the sums: what the host makes of them, the same for every backend.
#include "kernels/metrics/metrics.hpp"

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

constexpr int kBase = 65536, kBaseBits = 16, kLowest = -149;

/// Digits in [0, 65536) and a carry above them, which has the sign of the sum.
struct Normalized {
  std::int64_t digit[kSumDigits];
  std::int64_t carry;
};

Normalized normalized(const ExactSum& sum, std::int64_t sign) {
  Normalized n{};
  for (int i = 0; i < kSumDigits; ++i) {
    const std::int64_t digit = sign * static_cast<std::int64_t>(sum.digit[i]) + n.carry;
    n.digit[i] = digit & (kBase - 1);
    n.carry = digit >> kBaseBits;
  }
  return n;
}

}  // namespace

double exact_value(const ExactSum& sum) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (sum.special == 2) return kInfinity;
  if (sum.special == 4) return -kInfinity;
  if (sum.special != 0) return std::numeric_limits<double>::quiet_NaN();
  const bool negative = normalized(sum, 1).carry < 0;
  const Normalized n = normalized(sum, negative ? -1 : 1);
  double value = 0;  // from the lowest digit: of the roundings, the last two alone can be seen
  for (int i = 0; i < kSumDigits; ++i)
    value += std::ldexp(static_cast<double>(n.digit[i]), kBaseBits * i + kLowest);
  value += std::ldexp(static_cast<double>(n.carry), kBaseBits * kSumDigits + kLowest);
  return negative ? -value : value;
}

int weight_unit(double total_weight) {
  int exponent = 0;
  static_cast<void>(std::frexp(total_weight, &exponent));
  return exponent - 62;
}

double weight_of(Count units, int unit) { return std::ldexp(static_cast<double>(units), unit); }

double weight_of_pairs(const PairCount& pairs, int unit) {
  double value = 0;
  Count carry = 0;
  for (int i = 0; i < 4; ++i) {
    const Count low = (pairs.limb[i] & 0xffffffffu) + (carry & 0xffffffffu);
    carry = (pairs.limb[i] >> 32) + (carry >> 32) + (low >> 32);
    value += std::ldexp(static_cast<double>(low & 0xffffffffu), 32 * i);
  }
  value += std::ldexp(static_cast<double>(carry), 128);
  return std::ldexp(value, 2 * unit - 1);
}

}  // namespace thalweg
