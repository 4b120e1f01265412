#pragma once
// The memory of a gradient's chains during its batch: the caller's, or scratch memory if a call holds the
// whole batch.
#include <cstdint>

#include "kernels/base/scratch.hpp"
#include "kernels/base/slices.hpp"

namespace thalweg {

/// The slices of which a call brings rows: [first, first + count).
struct TouchedSlices {
  int first = 0, count = 0;
};
inline TouchedSlices touched_slices(const BatchSlices& s) {
  TouchedSlices touched;
  for (int i = 0; i < s.slices; ++i) {
    if (s.call_begin(i) == s.call_end(i)) continue;
    if (touched.count == 0) touched.first = i;
    touched.count = i + 1 - touched.first;
  }
  return touched;
}

struct GradientChains {
  BatchSum weight, bias;
};

inline std::int64_t round_up4(std::int64_t n) { return (n + 3) / 4 * 4; }
inline GradientChains chains_of(const Scratch::Frame& frame, const BatchSlices& s, const BatchSum& weight,
                                const BatchSum& bias, std::int64_t weights, std::int64_t outputs) {
  GradientChains c{weight, bias};
  if (s.whole()) {
    c.weight.partial_stride = round_up4(weights);
    c.weight.partials = frame.take<float>(s.slices * c.weight.partial_stride);
    c.bias.partial_stride = round_up4(outputs);
    c.bias.partials = frame.take<float>(s.slices * c.bias.partial_stride);
  }
  if (bias.sum == nullptr) c.bias.partials = nullptr;
  return c;
}

}  // namespace thalweg
