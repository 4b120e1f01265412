#include "kernels/base/philox.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace thalweg {
namespace {

struct KnownAnswer {
  PhiloxBlock counter;
  PhiloxKey key;
  PhiloxBlock want;
};

/// The vectors that Random123 publishes for philox4x32 with 10 rounds (its kat_vectors).
constexpr KnownAnswer kKnownAnswers[] = {
    {{{0, 0, 0, 0}}, {0, 0}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
    {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
     {0xffffffff, 0xffffffff},
     {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
    {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
     {0xa4093822, 0x299f31d0},
     {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
};

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  for (const KnownAnswer& known : kKnownAnswers) {
    const PhiloxBlock got = philox(known.counter, known.key);
    for (int w = 0; w < 4; ++w) EXPECT_EQ(got.word[w], known.want.word[w]) << "word " << w;
  }
}

TEST(Philox, PurposesAndSeedsHaveTheirOwnKeys) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> keys;
  const std::uint64_t seeds[] = {0, 1, 2, 1ull << 32, (1ull << 32) + 1, ~0ull};
  for (std::uint64_t seed : seeds) {
    for (std::uint32_t purpose = 1; purpose <= 8; ++purpose) {
      const PhiloxKey key = philox_key(seed, static_cast<RandomPurpose>(purpose));
      keys.insert({key.lo, key.hi});
    }
  }
  EXPECT_EQ(keys.size(), std::size(seeds) * 8);
}

TEST(Philox, StepsSamplesLayersAndUnitsHaveTheirOwnCounters) {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> counters;
  std::size_t asked = 0;
  for (std::uint64_t step : {0ull, 1ull, 1ull << 32}) {
    for (std::uint64_t sample : {0ull, 1ull, 1ull << 32}) {
      for (std::uint32_t layer : {0u, 1u, 2u}) {
        for (std::uint64_t unit : {0ull, 1ull, 1000000ull}) {
          const PhiloxBlock c = philox_counter(step, sample, layer, unit);
          counters.insert({c.word[0], c.word[1], c.word[2], c.word[3]});
          ++asked;
        }
      }
    }
  }
  EXPECT_EQ(counters.size(), asked);
}

TEST(Philox, UniformNumbersFillTheHalfOpenUnitInterval) {
  EXPECT_EQ(uniform01(0), 0.0f);
  EXPECT_EQ(uniform01(0xffffffffu), 1.0f - 0x1p-24f);
  EXPECT_EQ(uniform01(0x80000000u), 0.5f);
}

}  // namespace
}  // namespace thalweg
