#include "host/privacy/accountant.hpp"

#include <fmt/format.h>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr double kLeastNoise = 0.05, kMostNoise = 1e4, kTolerance = 1e-3;

/// Between a multiplier that spends too much and one that does not, the least of the latter kind.
template <class Spent>
double bisect(double low, double high, double target, const Spent& spent) {
  while (high - low > kTolerance * high) {
    const double middle = 0.5 * (low + high);
    (spent(middle) <= target ? high : low) = middle;  // mutant: budget-not-exceeded
  }
  return high;
}

}  // namespace

double spent_epsilon(Accountant accountant, const SampledGaussian& mechanism, double delta) {
  return accountant == Accountant::rdp ? rdp_epsilon(mechanism, delta) : prv_epsilon(mechanism, delta);
}

/// The Renyi accountant is quick and never below the numerical one by more than the latter's own error, so it
/// finds the neighbourhood in both cases.
double solve_noise_multiplier(Accountant accountant, double target_epsilon, double delta,
                              double sampling_rate, std::int64_t steps) {
  const auto spent_by = [&](Accountant by) {
    return [=](double noise) { return spent_epsilon(by, {sampling_rate, noise, steps}, delta); };
  };
  const auto by_rdp = spent_by(Accountant::rdp);
  double high = 2 * kLeastNoise;
  while (high < kMostNoise && by_rdp(high) > target_epsilon) high *= 2;
  if (by_rdp(high) > target_epsilon) {
    throw ConfigError(
        fmt::format("per_sample.target_epsilon = {} cannot be met with delta = {}, {} steps and "
                    "a sampling rate of {:.3g}; raise it, or take fewer steps or smaller batches",
                    target_epsilon, delta, steps, sampling_rate));
  }
  high = bisect(0.5 * high, high, target_epsilon, by_rdp);
  if (accountant == Accountant::rdp) return high;
  const auto by_prv = spent_by(Accountant::prv);
  while (by_prv(high) > target_epsilon) high *= 1.1;
  return bisect(0.6 * high, high, target_epsilon, by_prv);
}

}  // namespace thalweg
