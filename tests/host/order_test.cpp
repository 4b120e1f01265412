#include "host/data/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::vector<std::int64_t> order_of(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch,
                                   bool shuffle = true) {
  const EpochOrder order(rows, seed, epoch, shuffle);
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  for (std::int64_t p = 0; p < rows; ++p) ids[static_cast<std::size_t>(p)] = order(p);
  return ids;
}

std::vector<std::int64_t> ascending(std::int64_t rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return ids;
}

std::vector<std::int64_t> sorted(std::vector<std::int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

TEST(EpochOrder, IsABijectionForEveryNumberOfRows) {
  for (std::int64_t rows = 0; rows <= 300; ++rows) {
    for (std::uint64_t epoch : {0ull, 1ull, 1ull << 40}) {
      ASSERT_EQ(sorted(order_of(rows, 7, epoch)), ascending(rows)) << rows << " rows, epoch " << epoch;
    }
  }
  for (std::int64_t rows : {1023, 1024, 1025, 4097, 16384, 60000}) {
    ASSERT_EQ(sorted(order_of(rows, 7, 3)), ascending(rows)) << rows << " rows";
  }
}

TEST(EpochOrder, StaysInRangeAndApartWhereRowsNeedMoreThan32Bits) {
  for (std::int64_t rows : {(std::int64_t{1} << 40) + 1, std::int64_t{1} << 62}) {
    const EpochOrder order(rows, 1, 0, true);
    std::vector<std::int64_t> ids;
    for (std::int64_t p = 0; p < 100; ++p) ids.push_back(order(p * (rows / 100)));
    std::sort(ids.begin(), ids.end());
    EXPECT_GE(ids.front(), 0);
    EXPECT_LT(ids.back(), rows);
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  }
}

TEST(EpochOrder, RepeatsForTheSameSeedAndEpochAndDiffersForOthers) {
  const std::int64_t rows = 500;
  const auto first = order_of(rows, 1, 0);
  EXPECT_EQ(first, order_of(rows, 1, 0));
  EXPECT_NE(first, ascending(rows));
  EXPECT_NE(first, order_of(rows, 1, 1));
  EXPECT_NE(first, order_of(rows, 1, std::uint64_t{1} << 32));
  EXPECT_NE(first, order_of(rows, 2, 0));
  EXPECT_NE(first, order_of(rows, std::uint64_t{1} << 32, 0));
}

TEST(EpochOrder, WithoutShuffleKeepsTheRowsAsTheyLie) {
  EXPECT_EQ(order_of(1000, 1, 5, false), ascending(1000));
}

TEST(EpochOrder, RefusesANegativeNumberOfRows) { EXPECT_THROW(EpochOrder(-1, 1, 0, true), ShapeError); }

/// Over many epochs, how often each position held each row. Under uniform orders the statistic times
/// (n - 1) / n follows chi-square with (n - 1)^2 degrees of freedom; returned in standard deviations.
double position_excess(std::int64_t rows, int epochs, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(rows);
  std::vector<double> count(n * n);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const EpochOrder order(rows, seed, static_cast<std::uint64_t>(epoch), true);
    for (std::size_t p = 0; p < n; ++p) {
      count[p * n + static_cast<std::size_t>(order(static_cast<std::int64_t>(p)))] += 1;
    }
  }
  const double expected = static_cast<double>(epochs) / static_cast<double>(rows);
  double chi = 0;
  for (double c : count) chi += (c - expected) * (c - expected) / expected;
  const double k = static_cast<double>(rows - 1), freedom = k * k;
  return (chi * k / static_cast<double>(rows) - freedom) / std::sqrt(2 * freedom);
}

/// How often each ordered pair of rows stood at the first two positions: n (n - 1) equally likely cells.
double pair_excess(std::int64_t rows, int epochs, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(rows);
  std::vector<double> count(n * n);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const EpochOrder order(rows, seed, static_cast<std::uint64_t>(epoch), true);
    count[static_cast<std::size_t>(order(0)) * n + static_cast<std::size_t>(order(1))] += 1;
  }
  const double cells = static_cast<double>(rows * (rows - 1)), expected = epochs / cells;
  double chi = 0;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (a != b) chi += (count[a * n + b] - expected) * (count[a * n + b] - expected) / expected;
    }
  }
  return (chi - (cells - 1)) / std::sqrt(2 * (cells - 1));
}

/// 4.5 standard deviations: six rounds on five rows exceed 20, a good network has odds of about
/// one in ten thousand; the seeds are fixed, so a test that passes goes on passing.
constexpr double kExcess = 4.5;

TEST(EpochOrder, PutsEveryRowAtEveryPositionEquallyOften) {
  for (std::int64_t rows : {3, 4, 5, 7, 16, 17, 33, 65, 100}) {
    EXPECT_LT(std::abs(position_excess(rows, 4000, 11)), kExcess) << rows << " rows";
  }
}

TEST(EpochOrder, PutsEveryPairOfRowsFirstEquallyOften) {
  for (std::int64_t rows : {3, 4, 5, 7, 16, 17, 33, 65}) {
    EXPECT_LT(std::abs(pair_excess(rows, 40000, 11)), kExcess) << rows << " rows";
  }
}

TEST(EpochOrder, NeighboursDoNotStayNeighbours) {
  const auto ids = order_of(100000, 3, 0);
  const double n = static_cast<double>(ids.size());
  double close = 0, product = 0;
  for (std::size_t p = 0; p + 1 < ids.size(); ++p) {
    if (std::abs(ids[p + 1] - ids[p]) <= 10) close += 1;
    product += (static_cast<double>(ids[p]) / n - 0.5) * (static_cast<double>(ids[p + 1]) / n - 0.5) * 12;
  }
  // 20 of n rows lie within ten of a row: Poisson with mean 20. The serial correlation has deviation
  // 1 / sqrt(n).
  EXPECT_LT(std::abs(close - 20), 4.5 * std::sqrt(20.0));
  EXPECT_LT(std::abs(product / n), 4.5 / std::sqrt(n));
}

TEST(EpochOrder, ShardsOfAnEpochHoldEveryRowOnce) {
  const std::int64_t rows = 1003;
  for (std::int64_t ranks : {1, 2, 3, 8}) {
    std::vector<std::int64_t> seen;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      const EpochOrder order(rows, 5, 2, true);  // every rank makes its own
      for (std::int64_t p = rank; p < rows; p += ranks) seen.push_back(order(p));
    }
    EXPECT_EQ(sorted(seen), ascending(rows)) << ranks << " ranks";
  }
}

TEST(EpochOrder, FillGivesTheRowsOfEachPosition) {
  for (std::int64_t rows : {0, 1, 2, 3, 5, 64, 65, 1000}) {
    for (bool shuffle : {true, false}) {
      const EpochOrder order(rows, 3, 8, shuffle);
      for (std::int64_t first : {std::int64_t{0}, std::int64_t{1}, rows / 2, rows}) {
        for (std::int64_t most : {0, 1, 15, 16, 17, 1000}) {
          const std::int64_t count = std::clamp<std::int64_t>(rows - first, 0, most);
          std::vector<std::int64_t> got(static_cast<std::size_t>(count) + 1, -7), want = got;
          for (std::int64_t i = 0; i < count; ++i) want[static_cast<std::size_t>(i)] = order(first + i);
          order.fill(first, count, got.data());
          ASSERT_EQ(got, want) << rows << " rows, [" << first << ", " << first + count << ")";
        }
      }
    }
  }
}

TEST(EpochOrder, TheNetworkAloneGivesTheSameRows) {
  const EpochOrder order(777, 9, 4, true);
  for (std::int64_t p = 0; p < 777; ++p) ASSERT_EQ(feistel_row(order.network(), p), order(p));
}

/// Pinned: a checkpoint resumes in the middle of an epoch, so an order may never change.
TEST(EpochOrder, OrdersOfEarlierVersionsStay) {
  const EpochOrder small(10, 1, 0, true), large(1000000, 1, 0, true);
  std::vector<std::int64_t> got;
  for (std::int64_t p = 0; p < 10; ++p) got.push_back(small(p));
  for (std::int64_t p = 0; p < 3; ++p) got.push_back(large(p));
  EXPECT_EQ(got, (std::vector<std::int64_t>{9, 6, 1, 3, 5, 2, 0, 8, 7, 4, 465605, 569049, 193516}));
}

}  // namespace
}  // namespace thalweg
