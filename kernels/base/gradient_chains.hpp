#pragma once
// The memory of the chains of sums over the batch (slices.hpp) while a call runs: the caller's partials, or
// scratch memory if the call holds the whole batch.
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

/// Floats between the chains of two slices in scratch memory: whole cache lines, so that no two slices share
/// one.
THALWEG_HD constexpr std::int64_t scratch_stride(std::int64_t size) {
  constexpr std::int64_t kLineFloats = 16;
  return (size + kLineFloats - 1) / kLineFloats * kLineFloats;
}

/// Scratch floats for the chains of a sum of `size` elements.
THALWEG_HD constexpr std::int64_t chain_floats(const BatchSlices& slices, std::int64_t size) {
  return slices.whole() ? slices.slices * scratch_stride(size) : 0;
}

/// `to`, a sum of `size` elements, with memory for its chains: its partials, or the chain_floats of
/// `scratch`.
THALWEG_HD constexpr BatchSum with_chains(float* scratch, const BatchSlices& slices, const BatchSum& to,
                                          std::int64_t size) {
  return slices.whole() ? BatchSum{to.sum, scratch, scratch_stride(size)} : to;
}

/// Both sums of a gradient, with memory for their chains.
struct GradientChains {
  BatchSum weight;
  BatchSum bias;  ///< partials == null: no bias
};

[[gnu::always_inline]] inline GradientChains gradient_chains(const Scratch::Frame& frame,
                                                             const BatchSlices& slices,
                                                             const BatchSum& weight, std::int64_t weights,
                                                             const BatchSum& bias, std::int64_t outputs) {
  const std::int64_t biases = bias.sum != nullptr ? outputs : 0;
  float* const of_weight = frame.take<float>(chain_floats(slices, weights));
  float* const of_bias = frame.take<float>(chain_floats(slices, biases));
  return {with_chains(of_weight, slices, weight, weights),
          biases > 0 ? with_chains(of_bias, slices, bias, biases) : BatchSum{}};
}

}  // namespace thalweg
