#pragma once
// Whether many floats are finite, at the speed at which memory is read.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace thalweg {

/// Whether values[0 .. count) are finite: 0 times each of them is then 0, else NaN.
inline bool all_finite(const float* values, std::int64_t count) {
  constexpr std::int64_t kLanes = 16, kAhead = 1024;
  float sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    __builtin_prefetch(values + i + kAhead);  // the processor's own stays within a page
    for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane] * 0.0f;
  }
  for (; i < count; ++i) sums[0] += values[i] * 0.0f;
  return std::all_of(std::begin(sums), std::end(sums), [](float sum) { return sum == 0; });
}

/// Position of the first value that is not finite, or with `nan_allowed` that is infinite; `count`: there is
/// none.
inline std::int64_t first_not_finite(const float* values, std::int64_t count, bool nan_allowed) {
  constexpr std::int64_t kBlock = 4096;
  const auto is_bad = [nan_allowed](float value) {
    return nan_allowed ? std::isinf(value) : !std::isfinite(value);
  };
  for (std::int64_t first = 0; first < count; first += kBlock) {
    const std::int64_t end = std::min(count, first + kBlock);
    if (all_finite(values + first, end - first)) continue;
    const float* const bad = std::find_if(values + first, values + end, is_bad);
    if (bad != values + end) return bad - values;
  }
  return count;
}

}  // namespace thalweg
