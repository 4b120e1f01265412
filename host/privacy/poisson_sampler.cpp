#include "host/privacy/poisson_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/base/philox.hpp"

namespace thalweg {

PoissonSampler::PoissonSampler(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed)
    : rows_(std::move(rows)), seed_(seed) {
  const auto count = static_cast<std::int64_t>(rows_.size());
  const double mean = static_cast<double>(std::min(batch_size, count));
  rate_ = mean / static_cast<double>(count);
  // mutant: capacity-for-draws
  capacity_ = std::min(count, static_cast<std::int64_t>(std::ceil(mean + 8 * std::sqrt(mean))) + 16);
}

/// Position i of the list is in when its word, number i % 4 of the block {i / 4, step}, is below rate * 2^32.
std::vector<std::int64_t> PoissonSampler::rows(std::uint64_t step) const {
  const PhiloxKey key = philox_key(seed_, RandomPurpose::sampling);
  const auto below = static_cast<std::uint64_t>(std::llround(std::ldexp(rate_, 32)));
  std::vector<std::int64_t> drawn;
  PhiloxBlock block{};
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i % 4 == 0) {
      const std::uint64_t number = i / 4;
      block = philox({{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                       // mutant: step-above-2-32
                       static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32)}},
                     key);
    }
    if (block.word[i % 4] < below) drawn.push_back(rows_[i]);
  }
  if (static_cast<std::int64_t>(drawn.size()) > capacity_) drawn.resize(static_cast<std::size_t>(capacity_));
  return drawn;
}

std::uint64_t system_seed() {
  std::random_device source;
  return (static_cast<std::uint64_t>(source()) << 32) | source();
}

}  // namespace thalweg
