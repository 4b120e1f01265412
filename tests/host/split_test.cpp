#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/base/philox.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

TEST(SplitRows, GivesEveryRowToExactlyOnePartInAscendingOrder) {
  for (std::int64_t rows : {0, 1, 2, 3, 1000}) {
    const Split split = split_rows(rows, 0.3, 1);
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
    std::vector<std::int64_t> all;
    std::merge(split.train.begin(), split.train.end(), split.validation.begin(), split.validation.end(),
               std::back_inserter(all));
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), rows);
    for (std::int64_t r = 0; r < rows; ++r) ASSERT_EQ(all[static_cast<std::size_t>(r)], r);
  }
}

TEST(SplitRows, TakesAboutTheFractionAskedFor) {
  const double rows = 100000;
  for (double fraction : {0.01, 0.1, 0.5, 0.9}) {
    const Split split = split_rows(static_cast<std::int64_t>(rows), fraction, 3);
    const double deviation = std::sqrt(rows * fraction * (1 - fraction));  // binomial
    EXPECT_LT(std::abs(static_cast<double>(split.validation.size()) - rows * fraction), 4.5 * deviation);
  }
}

TEST(SplitRows, ZeroTakesNoneAndAlmostOneTakesAll) {
  EXPECT_TRUE(split_rows(1000, 0.0, 1).validation.empty());
  EXPECT_TRUE(split_rows(1000, std::nextafter(1.0, 0.0), 1).train.empty());
}

TEST(SplitRows, NeverMovesARowBetweenRunsOrWhenTheDataGrows) {
  const Split small = split_rows(1000, 0.2, 4), again = split_rows(1000, 0.2, 4);
  EXPECT_EQ(small.validation, again.validation);
  const Split grown = split_rows(5000, 0.2, 4);
  ASSERT_GE(grown.validation.size(), small.validation.size());
  EXPECT_TRUE(std::equal(small.validation.begin(), small.validation.end(), grown.validation.begin()));
  EXPECT_GE(grown.validation[small.validation.size()], 1000);
}

TEST(SplitRows, ALargerFractionKeepsTheRowsOfASmallerOne) {
  const Split small = split_rows(2000, 0.1, 4), large = split_rows(2000, 0.3, 4);
  EXPECT_TRUE(std::includes(large.validation.begin(), large.validation.end(), small.validation.begin(),
                            small.validation.end()));
}

/// docs/numerics.md: the key of a purpose of its own, so that a split tells nothing of the order of an epoch.
TEST(SplitRows, ARowIsForValidationWhereItsWordIsBelowTheFraction) {
  const PhiloxKey key = philox_key(5, RandomPurpose::split);
  std::vector<std::int64_t> wanted;
  for (std::uint32_t row = 0; row < 200; ++row) {
    if (philox({{row, 0, 0, 0}}, key).word[0] < 0x40000000u) wanted.push_back(row);
  }
  EXPECT_EQ(split_rows(200, 0.25, 5).validation, wanted);
}

TEST(SplitRows, SeedsDiffer) {
  EXPECT_NE(split_rows(1000, 0.2, 1).validation, split_rows(1000, 0.2, 2).validation);
}

TEST(SplitRows, RefusesAFractionOutsideTheHalfOpenUnitInterval) {
  for (double fraction : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(split_rows(10, fraction, 1), ConfigError) << fraction;
  }
}

}  // namespace
}  // namespace thalweg
