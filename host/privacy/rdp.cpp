// Renyi differential privacy of the sampled Gaussian mechanism: Mironov, Talwar, Zhang 2019, section 3.3, in
// logarithms throughout.
#include <cmath>
#include <limits>
#include <numbers>

#include "host/privacy/accountant.hpp"

namespace thalweg {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Of two numbers one of which may be -infinity.
double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return a + std::log1p(std::exp(b - a));
}

/// log(exp(a) - exp(b)), a > b.
double log_subtract(double a, double b) { return a + std::log1p(-std::exp(b - a)); }

/// log(erfc(x)); where erfc underflows, by its asymptotic series.
double log_erfc(double x) {
  if (x < 20) return std::log(std::erfc(x));
  const double s = 1 / (2 * x * x);
  return -x * x - std::log(x * std::sqrt(std::numbers::pi)) + std::log1p(-s + 3 * s * s - 15 * s * s * s);
}

double log_a_of_integer(const SampledGaussian& m, int order) {
  const double q = m.sampling_rate, two_variances = 2 * m.noise_multiplier * m.noise_multiplier;
  double log_a = -kInfinity;
  for (int k = 0; k <= order; ++k) {
    const double log_binomial =
        std::lgamma(order + 1.0) - std::lgamma(k + 1.0) - std::lgamma(order - k + 1.0);
    log_a = log_add(log_a, log_binomial + k * std::log(q) + (order - k) * std::log1p(-q) +
                               (double(k) * k - k) / two_variances);
  }
  return log_a;
}

/// A sum of terms of both signs, in logarithms.
struct LogSum {
  double value = -kInfinity;
  void add(double sign, double log_term) {
    if (sign > 0) {
      value = log_add(value, log_term);
    } else {
      value = value > log_term ? log_subtract(value, log_term) : -kInfinity;
    }
  }
};

/// The integral, cut where the two densities cross; a binomial series on either side.
double log_a_of_fraction(const SampledGaussian& m, double order) {
  const double q = m.sampling_rate, sigma = m.noise_multiplier, two_variances = 2 * sigma * sigma;
  const double crossing = sigma * sigma * std::log(1 / q - 1) + 0.5;
  LogSum below, above;
  double coefficient = 1;  // binomial(order, i)
  for (int i = 0; i < 100000; ++i) {
    const double j = order - i, log_coefficient = std::log(std::abs(coefficient));
    const double lower = log_coefficient + i * std::log(q) + j * std::log1p(-q) +
                         (double(i) * i - i) / two_variances + std::log(0.5) +
                         log_erfc((i - crossing) / (std::numbers::sqrt2 * sigma));
    const double upper = log_coefficient + j * std::log(q) + i * std::log1p(-q) +
                         (j * j - j) / two_variances + std::log(0.5) +
                         log_erfc((crossing - j) / (std::numbers::sqrt2 * sigma));
    below.add(coefficient, lower), above.add(coefficient, upper);
    if (std::max(lower, upper) < -30) break;
    coefficient *= j / (i + 1);
  }
  return log_add(below.value, above.value);
}

/// Renyi divergence of one step at `order`.
double step_divergence(const SampledGaussian& m, double order) {
  if (m.sampling_rate >= 1) return order / (2 * m.noise_multiplier * m.noise_multiplier);
  const double whole = std::round(order);
  const double log_a =
      order == whole ? log_a_of_integer(m, static_cast<int>(whole)) : log_a_of_fraction(m, order);
  return log_a / (order - 1);
}

double epsilon_at(const SampledGaussian& m, double delta, double order) {
  const double divergence = step_divergence(m, order) * static_cast<double>(m.steps);
  return divergence - (std::log(delta) + std::log(order)) / (order - 1) + std::log1p(-1 / order);
}

}  // namespace

double rdp_epsilon(const SampledGaussian& mechanism, double delta) {
  if (mechanism.steps == 0 || mechanism.sampling_rate <= 0) return 0;
  if (!(mechanism.noise_multiplier > 0) || !(delta > 0)) return kInfinity;
  double best = kInfinity;
  const auto consider = [&](double order) {
    const double epsilon = epsilon_at(mechanism, delta, order);
    if (epsilon < best) best = epsilon;
  };
  for (int tenth = 1; tenth < 100; ++tenth) consider(1 + tenth / 10.0);
  for (int order = 12; order < 64; ++order) consider(order);
  for (int order = 64; order <= 1024; order *= 2) consider(order);  // mutant: high-orders
  return std::max(best, 0.0);
}

}  // namespace thalweg
