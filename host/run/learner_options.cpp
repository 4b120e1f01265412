#include "host/run/learner_options.hpp"

#include <algorithm>

#include "host/config/byte_size.hpp"

namespace thalweg {

LearnerOptions learner_options(const Config& config, std::int64_t rows, const EpochBatches* batches,
                               const Privacy* privacy) {
  LearnerOptions options{
      .optimizer = config.optimizer,
      .per_sample = per_sample_options(config.per_sample),
      .max_batch = std::min(config.train.batch_size, rows),
      .micro_batch = config.train.micro_batch,
      .reduction_slices = static_cast<int>(config.train.reduction_slices),
      .ranks = static_cast<int>(config.train.ranks),
      .batches = batches,
      .loading = {.memory = bytes_from(config.data.memory).value_or(0), .readers = config.data.readers}};
  if (privacy != nullptr) privacy->set_options(options);
  return options;
}

StepRows rows_of_step(const EpochBatches& batches, const Privacy* privacy, std::int64_t step) {
  if (privacy != nullptr) return privacy->sampler().rows(static_cast<std::uint64_t>(step + 1));
  return batches.at_step(step);
}

}  // namespace thalweg
