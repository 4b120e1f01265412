#pragma once
// The privacy guarantee of a run's noise: (epsilon, delta)-differential privacy of the Gaussian mechanism on
// Poisson samples. Neighbouring data sets differ in the presence of one row.
#include <cstdint>

#include "thalweg/choices.hpp"

namespace thalweg {

/// `steps` releases, each of a sum over rows drawn independently with probability sampling_rate, every row's
/// part bounded by 1, plus Gaussian noise of deviation noise_multiplier.
struct SampledGaussian {
  double sampling_rate = 0;
  double noise_multiplier = 0;
  std::int64_t steps = 0;
};

/// By Renyi differential privacy (Mironov, Talwar, Zhang, "Renyi differential privacy of the sampled Gaussian
/// mechanism", 2019) and its conversion by Balle et al., 2020; an upper bound. Infinite without noise.
double rdp_epsilon(const SampledGaussian& mechanism, double delta);

/// By composing the privacy loss numerically (Gopi, Lee, Wutschitz, "Numerical composition of differential
/// privacy", 2021): tighter; an upper bound that lies at most 0.02 above the value.
double prv_epsilon(const SampledGaussian& mechanism, double delta);

double spent_epsilon(Accountant accountant, const SampledGaussian& mechanism, double delta);

/// The least noise multiplier (within 0.1 %) at which `steps` steps spend at most target_epsilon. Throws
/// ConfigError when no sensible amount of noise does.
double solve_noise_multiplier(Accountant accountant, double target_epsilon, double delta,
                              double sampling_rate, std::int64_t steps);

}  // namespace thalweg
