// What the host computes for the op, the same for every backend.
#include "kernels/dropout/dropout.hpp"

#include <cmath>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {

DropoutArgs dropout_args(double rate, std::uint64_t seed, std::uint32_t layer) {
  if (!(rate >= 0.0 && rate < 1.0)) {
    throw ConfigError("dropout rate of layer " + std::to_string(layer) + " is " + std::to_string(rate) +
                      "; expected 0 <= rate < 1");
  }
  // A rate within 2^-33 of 1 would round to 2^32, which no word reaches: it drops all but one word instead.
  // mutant: threshold-capped
  const double threshold = std::fmin(std::round(std::ldexp(rate, 32)), 4294967295.0);
  DropoutArgs args;
  args.key = philox_key(seed, RandomPurpose::dropout);
  args.layer = layer;
  args.drop_below = static_cast<std::uint32_t>(threshold);
  args.keep_scale = static_cast<float>(1.0 / (1.0 - rate));
  return args;
}

}  // namespace thalweg
