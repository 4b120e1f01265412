// The same sums by division into digits in double, and the pairs by sorting and 128-bit integers.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/metrics/metrics.hpp"

namespace thalweg {
namespace {

std::int64_t row_of(const LossTargets& targets, std::int64_t n) {
  return targets.ids != nullptr ? targets.ids[n] : n;
}

double weight_at(const LossTargets& targets, std::int64_t row) {
  return targets.weight != nullptr ? double{targets.weight[row]} : 1.0;
}

Count units_of(double weight, int unit) {
  return static_cast<Count>(std::llround(std::ldexp(weight, -unit)));
}

/// Digit by digit from the highest; what is below 2^-149 is dropped.
void add(double term, ExactSum& sum) {
  if (std::isnan(term)) {
    sum.special |= 1;
  } else if (std::abs(term) >= 0x1p128) {
    sum.special |= term > 0 ? 2 : 4;
  } else {
    for (int i = kSumDigits - 1; i >= 0; --i) {
      const double digit = std::trunc(std::ldexp(term, 149 - 16 * i));
      sum.digit[i] += static_cast<Count>(static_cast<std::int64_t>(digit));
      term -= std::ldexp(digit, 16 * i - 149);
    }
  }
}

void add_values(const Device&, const MetricSumArgs& args) {
  for (std::int64_t n = 0; n < args.count; ++n) add(args.values[n], *args.sum);
}

void residuals(const Device&, const ResidualArgs& args) {
  for (std::int64_t n = 0; n < args.output.rows; ++n) {
    const std::int64_t row = row_of(args.targets, n);
    const double z = args.output.row(n)[0], w = weight_at(args.targets, row);
    const double r = (args.rates ? std::exp(z) : z) - args.targets.target[row];
    add(w * r * r, *args.squared);
    add(w * std::abs(r), *args.absolute);
  }
}

std::int64_t class_of(const float* z, std::int64_t outputs) {
  if (outputs == 1) return z[0] > 0 ? 1 : 0;
  double largest = -HUGE_VAL;
  std::int64_t best = 0;
  for (std::int64_t k = 0; k < outputs; ++k) {
    if (z[k] > largest) largest = z[k], best = k;
  }
  return best;
}

void confusion(const Device&, const ConfusionArgs& args) {
  for (std::int64_t n = 0; n < args.output.rows; ++n) {
    const std::int64_t row = row_of(args.targets, n);
    const double target = args.targets.target[row];
    if (!(target >= 0 && target < static_cast<double>(args.classes))) continue;
    const std::int64_t predicted = class_of(args.output.row(n), args.output.cols);
    args.confusion[static_cast<std::int64_t>(target) * args.classes + predicted] +=
        units_of(weight_at(args.targets, row), args.unit);
  }
}

struct Scored {
  double score;  // NaN stands as +infinity beyond every number, see `later`
  bool nan, positive;
  Count weight;
};

bool later(const Scored& a, const Scored& b) { return !a.nan && (b.nan || a.score < b.score); }

/// By ranks, ties counted half (Fawcett, "An introduction to ROC analysis", 2006).
void pairs(const Device&, const PairArgs& args) {
  std::vector<Scored> scored;
  for (std::int64_t n = 0; n < args.rows; ++n) {
    const std::int64_t row = row_of(args.targets, n);
    const double score = args.scores[n];
    scored.push_back({score, std::isnan(score), args.targets.target[row] > 0.5,
                      units_of(weight_at(args.targets, row), args.unit)});
  }
  std::sort(scored.begin(), scored.end(), later);
  unsigned __int128 twice = 0;
  Count negatives = 0;
  for (std::size_t begin = 0, end = 0; begin < scored.size(); begin = end) {
    Count positive = 0, negative = 0;
    for (; end < scored.size() && !later(scored[begin], scored[end]); ++end) {
      (scored[end].positive ? positive : negative) += scored[end].weight;
    }
    twice += static_cast<unsigned __int128>(positive) * (2 * negatives + negative);
    negatives += negative;
  }
  for (Count& limb : args.pairs->limb) {
    limb += static_cast<Count>(twice & 0xffffffffu);
    twice >>= 32;
  }
}

}  // namespace

extern const MetricsOps metrics_reference;
const MetricsOps metrics_reference{
    .sum = &add_values, .residuals = &residuals, .confusion = &confusion, .pairs = &pairs};
}  // namespace thalweg
