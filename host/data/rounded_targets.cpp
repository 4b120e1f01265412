#include "host/data/rounded_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr double kMostRounding = 1e-3;  ///< of the standard deviation

}  // namespace

void require_targets_of_float32(const std::vector<double>& targets, const std::string& source) {
  double mean = 0, squares = 0, rounding = 0, count = 0;
  for (const double target : targets) {
    const double delta = target - mean;
    mean += delta / ++count;
    squares += delta * (target - mean);
    rounding = std::max(rounding, std::abs(target - static_cast<double>(static_cast<float>(target))));
  }
  const double deviation = std::sqrt(squares / std::max(count, 1.0));
  if (deviation == 0 || !(rounding > kMostRounding * deviation)) return;
  throw DataError(fmt::format(
      "{}: its targets lie around {:g} with a deviation of {:g}, and float32, in which shards hold "
      "them, rounds them by up to {:g}; subtract a number from the targets, or train on the data "
      "themselves",
      source, mean, deviation, rounding));
}

}  // namespace thalweg
