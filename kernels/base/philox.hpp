#pragma once
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a keyed
// function of a counter. A random number depends on its purpose and never on the thread.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

struct PhiloxKey {
  std::uint32_t lo = 0, hi = 0;
};

struct PhiloxBlock {
  std::uint32_t word[4];
};

THALWEG_HD PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = kMultiplier0 * counter.word[0], p1 = kMultiplier1 * counter.word[2];
    counter = {
        {static_cast<std::uint32_t>(p1 >> 32) ^ counter.word[1] ^ key.lo, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ counter.word[3] ^ key.hi, static_cast<std::uint32_t>(p0)}};
    key.lo += kWeyl0;
    key.hi += kWeyl1;
  }
  return counter;
}

/// The purpose of a stream of random numbers. Values are part of the checkpoint format: never renumber them.
enum class RandomPurpose : std::uint32_t {
  init = 1,
  order = 2,
  dropout = 3,
  split = 4,
  noise = 5,
  sampling = 6,
  block_order = 7,
  window_order = 8
};

/// The key of (seed, purpose): the seed's halves, the upper one offset by the purpose times an odd constant.
THALWEG_HD PhiloxKey philox_key(std::uint64_t seed, RandomPurpose purpose) {
  return {static_cast<std::uint32_t>(seed),
          static_cast<std::uint32_t>(seed >> 32) + static_cast<std::uint32_t>(purpose) * 0x85EBCA6Bu};
}

/// Unit `unit` of sample `sample` at step `step` in layer `layer`: four words serve units 4k .. 4k + 3.
THALWEG_HD PhiloxBlock philox_counter(std::uint64_t step, std::uint64_t sample, std::uint32_t layer,
                                      std::uint64_t unit_block) {
  return {{static_cast<std::uint32_t>(unit_block), static_cast<std::uint32_t>(sample),
           static_cast<std::uint32_t>(step),
           (layer << 20) ^ static_cast<std::uint32_t>(step >> 32) ^
               (static_cast<std::uint32_t>(sample >> 32) << 10)}};
}

/// Uniform in [0, 1) with 24 bits, exactly representable.
THALWEG_HD float uniform01(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

}  // namespace thalweg
