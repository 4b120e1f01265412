#pragma once
// The differentially private side of a training run: how much noise, which rows, what was spent.
#include <string>
#include <vector>

#include "host/privacy/accountant.hpp"
#include "host/privacy/poisson_sampler.hpp"
#include "thalweg/config.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg {

PerSampleOptions per_sample_options(const PerSampleConfig& config);

class Privacy {
 public:
  /// Solves for the noise multiplier if the config has a target epsilon. Throws ConfigError for data whose
  /// preparation breaks the guarantee, unless the user has allowed it.
  Privacy(const Config& config, const Dataset& data, const std::vector<std::int64_t>& rows,
          std::int64_t total_steps);

  const PoissonSampler& sampler() const { return sampler_; }
  bool adds_noise() const { return noise_multiplier_ > 0; }
  void set_options(LearnerOptions& options) const;
  /// Notes on this run for the log.
  std::vector<std::string> notes() const;
  PrivacyReport report(std::int64_t steps) const;
  double report_delta() const { return delta_; }

 private:
  PerSampleConfig config_;
  std::uint64_t seed_;
  PoissonSampler sampler_;
  double expected_batch_, delta_;
  double noise_multiplier_;
  bool standardized_, weighted_;
};

}  // namespace thalweg
