#pragma once
// Whether many floats are finite, at the speed at which memory is read.
#include <bit>
#include <cstdint>

namespace thalweg {

/// Position of the first value that is not finite, or with `nan_allowed` that is infinite; `count`: there is
/// none.
inline std::int64_t first_not_finite(const float* values, std::int64_t count, bool nan_allowed) {
  constexpr std::int64_t kBlock = 1024;
  constexpr std::int32_t kInfinity = 0x7f800000, kAbsolute = 0x7fffffff;
  // Of a value that is not finite, the bits under the mask are those of infinity.
  const std::int32_t mask = nan_allowed ? kAbsolute : kInfinity;
  const auto is_bad = [mask](float value) {
    return (std::bit_cast<std::int32_t>(value) & mask) == kInfinity;
  };
  for (std::int64_t first = 0; first < count; first += kBlock) {
    const std::int64_t end = first + kBlock < count ? first + kBlock : count;
    std::int32_t any = 0;  // without a branch, so that the compiler takes several at once
    for (std::int64_t i = first; i < end; ++i) any |= is_bad(values[i]) ? 1 : 0;
    if (any == 0) continue;
    for (std::int64_t i = first; i < end; ++i)
      if (is_bad(values[i])) return i;
  }
  return count;
}

}  // namespace thalweg
