#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "host/data/split.hpp"
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

using Counts = std::map<float, std::int64_t>;

Counts counts_of(const std::vector<std::int64_t>& rows, const std::vector<float>& class_of) {
  Counts counts;
  for (const std::int64_t row : rows) ++counts[class_of[static_cast<std::size_t>(row)]];
  return counts;
}

/// Rows of the classes 0, 1, ..., mixed.
std::vector<float> classes_of(const std::vector<int>& sizes) {
  std::vector<float> classes;
  for (int round = 0; round < *std::max_element(sizes.begin(), sizes.end()); ++round)
    for (std::size_t c = 0; c < sizes.size(); ++c)
      if (round < sizes[c]) classes.push_back(static_cast<float>(c));
  return classes;
}

TEST(SplitByClass, EachClassGivesItsShare) {
  const std::vector<float> classes = classes_of({900, 100});
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Split split = split_by_class(classes, 0.2, seed);
    EXPECT_EQ(counts_of(split.validation, classes), (Counts{{0, 180}, {1, 20}}));
    EXPECT_EQ(counts_of(split.train, classes), (Counts{{0, 720}, {1, 80}}));
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
  }
}

TEST(SplitByClass, TheRowThatIsOverGoesToTheClassWithTheLargestRest) {
  // 27.3 + 2.7 of 30 rows
  const std::vector<float> classes = classes_of({91, 9});
  EXPECT_EQ(counts_of(split_by_class(classes, 0.3, 1).validation, classes), (Counts{{0, 27}, {1, 3}}));
}

TEST(SplitByClass, AClassKeepsARowToTrainOn) {
  const std::vector<float> classes = classes_of({10, 1, 2});
  const Split split = split_by_class(classes, 0.9, 1);
  EXPECT_EQ(counts_of(split.train, classes), (Counts{{0, 1}, {1, 1}, {2, 1}}));
}

TEST(SplitByClass, SeedsDrawOtherRows) {
  const std::vector<float> classes = classes_of({50, 50});
  EXPECT_NE(split_by_class(classes, 0.2, 1).validation, split_by_class(classes, 0.2, 2).validation);
}

TEST(Folds, HoldEveryRowOutOnceAndShareTheClasses) {
  const std::vector<float> classes = classes_of({13, 8, 2});  // 23 rows in 5 folds
  const Folds folds(classes, 5, 1);
  std::vector<std::int64_t> all;
  for (std::int64_t fold = 0; fold < 5; ++fold) {
    const Split split = folds.split(fold);
    EXPECT_EQ(split.train.size() + split.validation.size(), 23u);
    EXPECT_EQ(split.validation.size(), fold < 3 ? 5u : 4u);
    Counts counts = counts_of(split.validation, classes);
    EXPECT_TRUE(counts[0] == 2 || counts[0] == 3) << counts[0];
    EXPECT_TRUE(counts[1] == 1 || counts[1] == 2) << counts[1];
    EXPECT_LE(counts[2], 1);
    all.insert(all.end(), split.validation.begin(), split.validation.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> wanted(23);
  std::iota(wanted.begin(), wanted.end(), std::int64_t{0});
  EXPECT_EQ(all, wanted);
}

TEST(Folds, ShuffleTheRowsBySeed) {
  const std::vector<float> one(40);
  EXPECT_NE(Folds(one, 4, 1).split(0).validation, Folds(one, 4, 2).split(0).validation);
  EXPECT_NE(Folds(one, 4, 1).split(0).validation,
            (std::vector<std::int64_t>{0, 4, 8, 12, 16, 20, 24, 28, 32, 36}));
}

TEST(Folds, WantARowEach) { EXPECT_THROW(Folds(std::vector<float>(3), 4, 1), ConfigError); }

}  // namespace
}  // namespace thalweg
