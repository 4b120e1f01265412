#pragma once
// Dropout, unit by unit, for CPU and CUDA: one Philox block decides four neighbouring units of a sample. A
// dropped unit is +0 whatever it held, NaN included.
#include <cstdint>

#include "kernels/base/philox.hpp"

namespace thalweg {

constexpr int kUnitsPerBlock = 4;

/// The words of units 4 * block .. 4 * block + 3 of sample `id`.
THALWEG_HD PhiloxBlock dropout_words(PhiloxKey key, std::uint64_t step, std::int64_t id, std::uint32_t layer,
                                     std::int64_t block) {
  return philox(
      philox_counter(step, static_cast<std::uint64_t>(id), layer, static_cast<std::uint64_t>(block)), key);
}

THALWEG_HD float dropout_unit(float x, std::uint32_t word, std::uint32_t drop_below, float keep_scale) {
  return word >= drop_below ? x * keep_scale : 0.0f;
}

}  // namespace thalweg
