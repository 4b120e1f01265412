#pragma once
// What a row of softmax and cross entropy computes per element and per row, float32; the order of the sums is
// in softmax_cross_entropy.hpp.
#include <cstdint>

#include "kernels/base/exact_math.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"

namespace thalweg {

/// The larger of the two; a NaN never wins, it shows up in the sum of exponentials.
THALWEG_HD float larger(float a, float b) { return b > a ? b : a; }

/// The class that a target names, or -1 when it is not an integer in [0, classes).
THALWEG_HD std::int64_t class_index(float target, std::int64_t classes) {
  const bool inside = target >= 0.0f && target < static_cast<float>(classes);
  const std::int64_t index = inside ? static_cast<std::int64_t>(target) : -1;
  return static_cast<float>(index) == target ? index : -1;
}

/// The share q of a class: `other` for every class, `own` for the target's.
struct SmoothedTarget {
  float own, other;
};

THALWEG_HD SmoothedTarget smoothed_target(float smoothing, std::int64_t classes) {
  const float other = smoothing / static_cast<float>(classes);
  return {(1.0f - smoothing) + other, other};  // mutant: smoothing-of-target
}

/// Loss of a row: log_sum - (z_y - m), or with smoothing log_sum - ((1 - e) (z_y - m) + (e / K) shift_sum).
THALWEG_HD float cross_entropy(float log_sum, float shift_of_target, float shift_sum, float smoothing,
                               std::int64_t classes) {
  const float own = (1.0f - smoothing) * shift_of_target;
  const float spread = (smoothing / static_cast<float>(classes)) * shift_sum;
  return log_sum - (smoothing == 0.0f ? shift_of_target : own + spread);
}

}  // namespace thalweg
