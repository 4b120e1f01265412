#pragma once
// The bound on the difference between float32 sums and the reference's.
#include <cstdint>

#include "host/runtime/device_of.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

/// gamma_k of so many roundings, relative to the sum of the terms' magnitudes (Higham 2002, section 3.1).
inline double rounding_bound(std::int64_t operations) {
  const double ku = static_cast<double>(operations) * 0x1p-24;
  return ku / (1 - ku);
}

/// The additional error of fast numerics on cuda: both factors of a product are cut to 11 significant bits. 0
/// elsewhere.
inline double cut_factors_bound(const Context& ctx) {
  const bool cuts = ctx.numerics() == Numerics::fast && device_of(ctx).matrix_library != nullptr;
  return cuts ? (1 + 0x1p-10) * (1 + 0x1p-10) - 1 : 0;
}

}  // namespace thalweg
