#include "host/run/privacy.hpp"

#include <fmt/format.h>

#include "host/data/feature_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Whether the features were standardised by statistics of the training rows.
bool standardized(const Config& config, const Dataset& data) {
  if (config.data.standardize == Tristate::yes) return true;
  return config.data.standardize == Tristate::automatic && !data.sparse && !holds_bytes(data);
}

std::uint64_t noise_seed(const Config& config) {
  return config.per_sample.reproducible_noise ? static_cast<std::uint64_t>(config.seed) : system_seed();
}

}  // namespace

PerSampleOptions per_sample_options(const PerSampleConfig& config) {
  return {.clip_norm = config.clip_norm, .mode = config.mode, .statistics = config.statistics};
}

Privacy::Privacy(const Config& config, const Dataset& data, const std::vector<std::int64_t>& rows,
                 std::int64_t total_steps)
    : config_(config.per_sample),
      seed_(noise_seed(config)),
      sampler_(rows, config.train.batch_size, seed_),
      expected_batch_(sampler_.rate() * static_cast<double>(rows.size())),
      // mutant: default-delta
      delta_(config_.delta > 0 ? config_.delta : 0.1 / static_cast<double>(rows.size())),
      noise_multiplier_(config_.noise_multiplier),
      standardized_(standardized(config, data)),
      weighted_(!data.weight.empty()) {
  if (!config_.private_training()) return;
  if (standardized_ && config.data.standardize == Tristate::automatic) {
    throw ConfigError(
        "data.standardize = auto would standardise " + data.source +
        " by means and deviations of the training rows, which the privacy guarantee does not cover; set "
        "data.standardize=false and bring the features to scale beforehand, or data.standardize=true to "
        "accept "
        "it");
  }
  if (config_.target_epsilon > 0) {
    noise_multiplier_ = solve_noise_multiplier(config_.accountant, config_.target_epsilon, delta_,
                                               sampler_.rate(), total_steps);
  }
}

void Privacy::set_options(LearnerOptions& options) const {
  options.max_batch = sampler_.capacity();
  options.per_sample.noise_multiplier = noise_multiplier_;
  options.per_sample.noise_seed = seed_;
  options.per_sample.divisor = expected_batch_;
}

std::vector<std::string> Privacy::notes() const {
  if (!adds_noise()) return {};
  std::vector<std::string> notes{fmt::format(
      "noise multiplier {:.4g}, sampling rate {:.4g}, delta {:.3g}; losses, metrics and statistics "
      "are not private",
      noise_multiplier_, sampler_.rate(), delta_)};
  if (config_.reproducible_noise) notes.push_back("the noise is reproducible from the seed: not private");
  if (standardized_) notes.push_back("features are standardised by the data: epsilon does not cover that");
  if (weighted_)
    notes.push_back("weights are divided by their mean in the data: epsilon does not cover that");
  return notes;
}

PrivacyReport Privacy::report(std::int64_t steps) const {
  const SampledGaussian spent{sampler_.rate(), noise_multiplier_, steps};
  return {.epsilon = spent_epsilon(config_.accountant, spent, delta_),
          .delta = delta_,
          .noise_multiplier = noise_multiplier_,
          .sampling_rate = sampler_.rate(),
          .accountant = std::string(name_of(config_.accountant)),
          .reproducible_noise = config_.reproducible_noise};
}

}  // namespace thalweg
