#include <cmath>
#include <string>

#include "kernels/base/philox.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A row's word depends on the row alone, so neither other rows nor more of them can move it.
std::uint32_t word_of(std::int64_t row, PhiloxKey key) {
  const auto bits = static_cast<std::uint64_t>(row);
  const PhiloxBlock counter = {
      {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), 0, 0}};
  return philox(counter, key).word[0];
}

}  // namespace

Split split_rows(std::int64_t rows, double fraction, std::uint64_t seed) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {  // mutant: fraction-below-one
    throw ConfigError("data.validation_fraction is " + std::to_string(fraction) +
                      "; expected 0 <= fraction < 1");
  }
  // 2^32 * fraction is exact in double; as a 64-bit number, so that a fraction next to 1 has its threshold.
  // mutant: fraction-scaled
  const auto threshold = static_cast<std::uint64_t>(std::round(std::ldexp(fraction, 32)));
  const PhiloxKey key = philox_key(seed, RandomPurpose::split);  // mutant: split-key
  Split split;
  for (std::int64_t row = 0; row < rows; ++row) {
    // mutant: sides-of-split
    (word_of(row, key) < threshold ? split.validation : split.train).push_back(row);
  }
  return split;
}

}  // namespace thalweg
