// Numerical composition of the privacy loss (Gopi, Lee, Wutschitz 2021): the loss of one step on a grid, its
// sum over the steps by Fourier transform, and epsilon from the tail. Errors of epsilon and delta are bounded
// by the choice of the grid (their theorem 5.5) and added to the result.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "host/privacy/accountant.hpp"
#include "host/privacy/fft.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr double kEpsilonError = 0.01, kDeltaErrorShare = 1e-3;
constexpr double kMostPoints = 0x1p23;

/// P(loss of one step <= t), their proposition B.4.
double loss_cdf(const SampledGaussian& m, double t) {
  const double q = m.sampling_rate, sigma = m.noise_multiplier;
  const double ratio = (std::expm1(t) + q) / q;
  if (ratio <= 0) return 0;
  const double z = std::log(ratio) * sigma * sigma * 2, width = 2 * std::numbers::sqrt2 * sigma;
  return 1 - 0.5 * (q * std::erfc((z - 1) / width) + (1 - q) * std::erfc((z + 1) / width));
}

/// Points t = step * j for -size / 2 <= j < size / 2; point j of a sum is kept at j mod size.
struct Grid {
  double step;
  std::int64_t size;
};

/// Their remark 5.6: beyond the domain lies at most delta_error, for each step and for the sum.
Grid make_grid(const SampledGaussian& m, double delta_error) {
  const double steps = static_cast<double>(m.steps);
  const double whole = rdp_epsilon(m, delta_error / 4);
  const double single = rdp_epsilon({m.sampling_rate, m.noise_multiplier, 1}, delta_error / (8 * steps));
  const double reach = std::max({whole, single, kEpsilonError}) + 3;
  const double step = kEpsilonError / std::sqrt(steps * std::log(12 / delta_error) / 2);
  const double points = std::exp2(std::ceil(std::log2(2 * reach / step)));
  if (!(points <= kMostPoints)) {
    throw ConfigError(
        fmt::format("the prv accountant would need {:.3g} points for {} steps with noise "
                    "multiplier {}; use per_sample.accountant=rdp",
                    points, m.steps, m.noise_multiplier));
  }
  return {step, static_cast<std::int64_t>(points)};
}

struct Losses {
  std::vector<std::complex<double>> mass;  ///< at j mod size
  double shift = 0;                        ///< what the grid's mean is short of the true mean
};

/// Mass of the cell around each point; the mean's correction by Simpson's rule on the distribution function.
Losses step_losses(const SampledGaussian& m, const Grid& grid) {
  Losses losses{.mass = std::vector<std::complex<double>>(static_cast<std::size_t>(grid.size))};
  const std::int64_t half = grid.size / 2;
  const auto cdf = [&](double j) { return loss_cdf(m, grid.step * j); };
  const double below = cdf(static_cast<double>(-half) - 0.5), above = cdf(static_cast<double>(half) - 0.5);
  const auto truncated = [&](double value) { return (value - below) / (above - below); };
  double left = 0;
  for (std::int64_t j = -half; j < half && left < 1; ++j) {
    const double at = static_cast<double>(j);
    const double right = truncated(cdf(at + 0.5));
    if (right == 0) continue;
    losses.mass[static_cast<std::size_t>(j < 0 ? j + grid.size : j)] = right - left;
    losses.shift += grid.step / 3 * (left + right - 2 * truncated(cdf(at)));
    left = right;
  }
  return losses;
}

Losses compose(Losses one, std::int64_t steps) {
  const double times = static_cast<double>(steps);
  fourier_transform(one.mass, Transform::forward);
  for (auto& value : one.mass) {
    value = std::polar(std::pow(std::abs(value), times), std::arg(value) * times);
  }
  fourier_transform(one.mass, Transform::inverse);
  one.shift *= times;
  return one;
}

/// The epsilon at which delta(epsilon) = sum over t > epsilon of mass (1 - exp(epsilon - t)) is `delta`:
/// from the largest t down, the first point where delta(t) is no longer below it.
double epsilon_of(const Losses& sum, const Grid& grid, double delta) {
  double mass = 0, weighted = 0;  // sums of mass and of mass exp(-t) over the points above
  for (std::int64_t j = grid.size / 2; j-- > -grid.size / 2;) {
    const double t = grid.step * static_cast<double>(j) + sum.shift;
    if (mass - std::exp(t) * weighted >= delta) return std::log((mass - delta) / weighted);
    const double at = sum.mass[static_cast<std::size_t>(j < 0 ? j + grid.size : j)].real();
    mass += at, weighted += at * std::exp(-t);
  }
  return 0;
}

}  // namespace

double prv_epsilon(const SampledGaussian& mechanism, double delta) {
  if (mechanism.steps == 0 || mechanism.sampling_rate <= 0) return 0;
  if (!(mechanism.noise_multiplier > 0) || !(delta > 0)) return std::numeric_limits<double>::infinity();
  const double delta_error = delta * kDeltaErrorShare;
  const Grid grid = make_grid(mechanism, delta_error);
  const Losses sum = compose(step_losses(mechanism, grid), mechanism.steps);
  return std::max(0.0, epsilon_of(sum, grid, delta - delta_error)) + kEpsilonError;  // mutant: delta-error
}

}  // namespace thalweg
