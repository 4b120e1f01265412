#pragma once
// Metrics of outputs against targets, as sums: only those leave the device. Every sum is exact, so the order
// in which rows, threads and blocks add to it cannot matter (docs/numerics.md, "Metrics").
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/required.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// 64 bits as the device's atomics want them; where a number may be negative, in two's complement.
using Count = unsigned long long;

constexpr int kSumDigits = 18;

/// A sum of float32 terms without rounding (Kulisch, "Very fast and exact accumulation of products", 2011):
/// the sum over i of digit[i] 2^(16 i - 149). A term adds 16-bit digits to three neighbours, so 2^47 terms
/// fit. A term that is not finite sets a bit of `special` instead: 1 NaN, 2 +infinity, 4 -infinity.
/// All zero: an empty sum.
struct ExactSum {
  Count digit[kSumDigits];
  Count special;
};

/// Within 2^-52 of the sum, relative to it; NaN or infinity where float arithmetic would give that.
double exact_value(const ExactSum& sum);

/// Sample weights are counted in units of 2^unit, `unit` so that all of them together stay below 2^62 units:
/// each is off by at most half a unit, and not at all where they are integers (or absent, which is 1).
int weight_unit(double total_weight);
/// So many units as a number.
double weight_of(Count units, int unit);

/// Twice the weighted number of (positive, negative) pairs that are in the right order, ties counted half:
/// the sum over i of limb[i] 2^(32 i).
struct PairCount {
  Count limb[4];
};
/// Half of that, in squared weight.
double weight_of_pairs(const PairCount& pairs, int unit);

/// Adds `count` floats.
struct MetricSumArgs {
  const float* values = nullptr;
  std::int64_t count = 0;
  ExactSum* sum = nullptr;
};

/// Adds w r^2 and w |r| of each row: r = p - y, p the output z or, for rates, exp(z).
struct ResidualArgs {
  ConstMatrix output;  ///< [N, 1]
  LossTargets targets;
  bool rates = false;
  ExactSum* squared = nullptr;
  ExactSum* absolute = nullptr;
};

/// Adds the weight of each row to confusion[target, predicted class]. The predicted class is that of the
/// first largest output; of a single output, class 1 where it is positive. A row whose target is not a
/// class is left out.
struct ConfusionArgs {
  ConstMatrix output;  ///< [N, K]
  LossTargets targets;
  std::int64_t classes = 2;  ///< as many as K, or 2
  int unit = 0;
  Count* confusion = nullptr;  ///< [classes, classes]
};

/// Adds the pairs of N rows: N = `rows`, fewer than 2^31. A target above 1/2 is positive. A NaN ranks above
/// every number, and all of them tie.
struct PairArgs {
  const float* scores = nullptr;
  std::int64_t rows = 0;
  LossTargets targets;
  int unit = 0;
  PairCount* pairs = nullptr;
};

// metrics_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const MetricSumArgs& args);
void require_contract(const ResidualArgs& args);
void require_contract(const ConfusionArgs& args);
void require_contract(const PairArgs& args);

/// What they add to lies in the backend's memory.
struct MetricsOps {
  Required<void(const Device&, const MetricSumArgs&)> sum;
  Required<void(const Device&, const ResidualArgs&)> residuals;
  Required<void(const Device&, const ConfusionArgs&)> confusion;
  Required<void(const Device&, const PairArgs&)> pairs;
};

constexpr Cost metric_sum_cost(std::int64_t n) { return {.flops = 3 * n, .bytes_read = 4 * n}; }
constexpr Cost residuals_cost(std::int64_t n) { return {.flops = 10 * n, .bytes_read = 20 * n}; }
constexpr Cost confusion_cost(std::int64_t n, std::int64_t k) {
  return {.flops = n * k, .bytes_read = 4 * n * k + 16 * n, .bytes_written = 8 * n};
}
/// Four passes of a radix sort over keys and row numbers, then weights and their prefix sums.
constexpr Cost pairs_cost(std::int64_t n) {
  return {.flops = 8 * n, .bytes_read = (4 + 4 * 12 + 36) * n, .bytes_written = (8 + 4 * 8 + 8) * n};
}

extern const MetricsOps metrics_reference;
extern const MetricsOps metrics_cuda;
THALWEG_CPU_TABLE(MetricsOps, metrics_cpu)

}  // namespace thalweg
