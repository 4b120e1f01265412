#pragma once
// Poisson sampling: every row is in a batch with the same probability, independently of all others.
#include <cstdint>
#include <vector>

namespace thalweg {

class PoissonSampler {
 public:
  /// `rows`: those to draw from, ascending; on average batch_size of them are drawn. The seed has to be
  /// secret where privacy is meant.
  PoissonSampler(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed);

  double rate() const { return rate_; }
  /// No batch is larger: the mean, eight deviations and a few. A draw beyond it (probability below 1e-14)
  /// loses its last rows.
  std::int64_t capacity() const { return capacity_; }
  /// The rows of step `step`, ascending; perhaps none.
  std::vector<std::int64_t> rows(std::uint64_t step) const;

 private:
  std::vector<std::int64_t> rows_;
  double rate_;
  std::int64_t capacity_;
  std::uint64_t seed_;
};

/// A seed from the system's source of randomness.
std::uint64_t system_seed();

}  // namespace thalweg
