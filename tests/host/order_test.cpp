#include "host/data/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "host/checkpoint/checkpoint.hpp"
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

double chi_square(const std::vector<double>& count, double expected) {
  double chi = 0;
  for (double c : count) chi += (c - expected) * (c - expected) / expected;
  return chi;
}

/// A chi-square statistic in standard deviations from its mean.
double excess_of(double chi, double freedom) { return (chi - freedom) / std::sqrt(2 * freedom); }

/// Orders drawn one after the other: those of the epochs, or of the seeds.
enum class Draws { epochs, seeds };

EpochOrder drawn(Draws draws, std::int64_t rows, std::uint64_t seed, int draw) {
  const auto i = static_cast<std::uint64_t>(draw);
  return draws == Draws::epochs ? EpochOrder(rows, seed, i, true) : EpochOrder(rows, seed + i, 3, true);
}

/// Over many epochs, how often each position held each row. Under uniform orders the statistic times
/// (n - 1) / n follows chi-square with (n - 1)^2 degrees of freedom; returned in standard deviations.
double position_excess(std::int64_t rows, int epochs, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(rows);
  std::vector<double> count(n * n);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const EpochOrder order = drawn(Draws::epochs, rows, seed, epoch);
    for (std::size_t p = 0; p < n; ++p) {
      count[p * n + static_cast<std::size_t>(order(static_cast<std::int64_t>(p)))] += 1;
    }
  }
  const double expected = static_cast<double>(epochs) / static_cast<double>(rows);
  const double k = static_cast<double>(rows - 1);
  return excess_of(chi_square(count, expected) * k / static_cast<double>(rows), k * k);
}

/// How often each ordered pair of rows stood at two positions: n (n - 1) equally likely cells.
double pair_excess(Draws draws, std::int64_t rows, int orders, std::uint64_t seed, std::int64_t p,
                   std::int64_t q) {
  const auto n = static_cast<std::size_t>(rows);
  std::vector<double> count(n * n);
  for (int draw = 0; draw < orders; ++draw) {
    const EpochOrder order = drawn(draws, rows, seed, draw);
    count[static_cast<std::size_t>(order(p)) * n + static_cast<std::size_t>(order(q))] += 1;
  }
  const double cells = static_cast<double>(rows * (rows - 1)), expected = orders / cells;
  // The n cells of a row with itself stay empty, and each has added its expectation.
  return excess_of(chi_square(count, expected) - static_cast<double>(rows) * expected, cells - 1);
}

/// How often each of the n! orders came.
double order_excess(Draws draws, std::int64_t rows, int orders, std::uint64_t seed) {
  std::map<std::vector<std::int64_t>, std::size_t> index;
  std::vector<std::int64_t> ids = ascending(rows);
  do {
    index.emplace(ids, index.size());
  } while (std::next_permutation(ids.begin(), ids.end()));
  std::vector<double> count(index.size());
  for (int draw = 0; draw < orders; ++draw) {
    drawn(draws, rows, seed, draw).fill(0, rows, ids.data());
    count[index.at(ids)] += 1;
  }
  const auto cells = static_cast<double>(count.size());
  return excess_of(chi_square(count, orders / cells), cells - 1);
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
    EXPECT_LT(std::abs(pair_excess(Draws::epochs, rows, 40000, 11, 0, 1)), kExcess) << rows << " rows";
  }
}

TEST(EpochOrder, PutsEveryPairOfRowsAtPositionsNextToEachOtherOrAPowerOfTwoApartEquallyOften) {
  std::uint64_t seed = 100;  // another one for each test
  for (std::int64_t rows : {5, 16, 33, 64, 100}) {
    for (std::int64_t p : {std::int64_t{0}, std::int64_t{1}, rows / 2, rows - 2}) {
      for (std::int64_t apart = 1; p + apart < rows; apart *= 2) {
        for (Draws draws : {Draws::epochs, Draws::seeds}) {
          EXPECT_LT(std::abs(pair_excess(draws, rows, 20000, seed += 50000, p, p + apart)), kExcess)
              << rows << " rows, positions " << p << " and " << p + apart;
        }
      }
    }
  }
  // Halves of two bits exceed 10 here.
  EXPECT_LT(std::abs(pair_excess(Draws::epochs, 16, 200000, 9008, 0, 8)), kExcess);
}

TEST(EpochOrder, GivesEveryOrderOfAFewRowsEquallyOften) {
  for (std::int64_t rows : {2, 3, 4, 5, 6}) {
    EXPECT_LT(std::abs(order_excess(Draws::epochs, rows, 60000, 11)), kExcess) << rows << " rows, epochs";
    EXPECT_LT(std::abs(order_excess(Draws::seeds, rows, 60000, 11)), kExcess) << rows << " rows, seeds";
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

bool is_even(const std::vector<std::int64_t>& order) {
  std::vector<bool> seen(order.size());
  bool even = true;
  for (std::size_t start = 0; start < order.size(); ++start) {
    for (std::size_t at = start; !seen[at]; at = static_cast<std::size_t>(order[at])) {
      seen[at] = true;
      even = even != (static_cast<std::size_t>(order[at]) != start);  // a cycle of n is n - 1 exchanges
    }
  }
  return even;
}

/// Where all networks have the same parity this shows at once: with 2^k rows all orders have it, too.
TEST(EpochOrder, HalfOfTheOrdersAreEven) {
  for (std::int64_t rows : {2, 3, 5, 16, 50, 64, 100, 128, 1000, 1024}) {
    for (Draws draws : {Draws::epochs, Draws::seeds}) {
      constexpr int kOrders = 2000;
      int even = 0;
      for (int draw = 0; draw < kOrders; ++draw) {
        std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
        drawn(draws, rows, 17, draw).fill(0, rows, ids.data());
        even += is_even(ids) ? 1 : 0;
      }
      EXPECT_LT(std::abs(even - kOrders / 2), kExcess * std::sqrt(kOrders) / 2) << rows << " rows";
    }
  }
}

/// How two lists of the numbers in [0, n), element by element, hang together, in standard deviations: their
/// correlation, and how often the elements fall into each of 16 by 16 cells.
struct Dependence {
  double correlation, cells;
};

Dependence dependence(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  constexpr std::size_t kBins = 16;
  const double n = static_cast<double>(a.size());
  std::vector<double> count(kBins * kBins);
  double product = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]) / n, y = static_cast<double>(b[i]) / n;
    product += (x - 0.5) * (y - 0.5) * 12;
    count[static_cast<std::size_t>(x * kBins) * kBins + static_cast<std::size_t>(y * kBins)] += 1;
  }
  const double freedom = (kBins - 1) * (kBins - 1);  // rows and columns of the table add up to n / 16
  return {product / std::sqrt(n), excess_of(chi_square(count, n / (kBins * kBins)), freedom)};
}

/// Many dependences between lists that should have nothing to do with each other.
class Dependences {
 public:
  void add(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    const Dependence one = dependence(a, b);
    correlations_ += one.correlation;
    cells_ += one.cells;
    count_ += 1;
  }
  void expect_chance(const std::string& what) const {
    EXPECT_LT(std::abs(correlations_) / std::sqrt(count_), kExcess) << what;
    EXPECT_LT(std::abs(cells_) / std::sqrt(count_), kExcess) << what;
  }

 private:
  double correlations_ = 0, cells_ = 0, count_ = 0;
};

/// The position of each row.
std::vector<std::int64_t> places_of(const std::vector<std::int64_t>& order) {
  std::vector<std::int64_t> places(order.size());
  for (std::size_t p = 0; p < order.size(); ++p)
    places[static_cast<std::size_t>(order[p])] = static_cast<std::int64_t>(p);
  return places;
}

TEST(EpochOrder, EpochsAndSeedsThatFollowEachOtherHaveNothingToDoWithEachOther) {
  for (std::int64_t rows : {500, 1000, 4097, 65536, 100000}) {
    for (Draws draws : {Draws::epochs, Draws::seeds}) {
      Dependences at_a_position, of_a_row;
      std::vector<std::int64_t> last(static_cast<std::size_t>(rows)), next = last;
      for (int draw = 0; draw <= 30; ++draw) {
        drawn(draws, rows, 5, draw).fill(0, rows, next.data());
        if (draw > 0) {
          at_a_position.add(last, next);
          of_a_row.add(places_of(last), places_of(next));
        }
        std::swap(last, next);
      }
      at_a_position.expect_chance(std::to_string(rows) + " rows at a position");
      of_a_row.expect_chance(std::to_string(rows) + " positions of a row");
    }
  }
}

TEST(EpochOrder, PositionsAPowerOfTwoApartHaveNothingToDoWithEachOther) {
  for (std::int64_t rows : {500, 1000, 4097, 65536, 100000}) {
    for (std::int64_t apart = 1; 2 * apart < rows; apart *= 2) {
      Dependences pairs;
      for (int epoch = 0; epoch < 10; ++epoch) {
        std::vector<std::int64_t> here(static_cast<std::size_t>(rows));
        drawn(Draws::epochs, rows, 6, epoch).fill(0, rows, here.data());
        std::vector<std::int64_t> there = here;
        std::rotate(there.begin(), there.begin() + apart, there.end());
        pairs.add(here, there);
      }
      pairs.expect_chance(std::to_string(rows) + " rows, " + std::to_string(apart) + " apart");
    }
  }
}

/// The same of domains that no list holds, with halves of 20 to 31 bits.
TEST(EpochOrder, RowsOfLargeDomainsAreIndependentToo) {
  constexpr std::size_t kBins = 16;
  constexpr int kEpochs = 30000;
  for (std::int64_t rows : {(std::int64_t{1} << 40) + 1, std::int64_t{1} << 62}) {
    for (std::int64_t apart : {std::int64_t{1}, std::int64_t{1} << 20, rows / 2}) {
      std::vector<double> count(kBins * kBins);
      for (int epoch = 0; epoch < kEpochs; ++epoch) {
        const EpochOrder order = drawn(Draws::epochs, rows, 7, epoch);
        const auto bin = [&](std::int64_t p) {
          return static_cast<std::size_t>(order(p) / (rows / kBins + 1));
        };
        count[bin(3) * kBins + bin(3 + apart)] += 1;
      }
      EXPECT_LT(std::abs(excess_of(chi_square(count, kEpochs / double{kBins * kBins}), kBins * kBins - 1)),
                kExcess)
          << rows << " rows, " << apart << " apart";
    }
  }
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
  for (std::int64_t rows : {0, 1, 2, 3, 5, 64, 65, 1000, 3000}) {
    for (bool shuffle : {true, false}) {
      const EpochOrder order(rows, 3, 8, shuffle);
      for (std::int64_t first : {std::int64_t{0}, std::int64_t{1}, rows / 2, rows}) {
        for (std::int64_t most : {0, 1, 4, 5, 8, 9, 15, 16, 17, 1000, 1024, 1025, 3000}) {
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

/// A checkpoint resumes in the middle of an epoch, so another order needs another version of its format.
TEST(EpochOrder, OrdersStayWithinAVersionOfTheCheckpointFormat) {
  ASSERT_EQ(kCheckpointVersion, 2) << "whose orders are not pinned yet";
  const EpochOrder small(10, 1, 0, true), large(1000000, 1, 0, true);
  std::vector<std::int64_t> got;
  for (std::int64_t p = 0; p < 10; ++p) got.push_back(small(p));
  for (std::int64_t p = 0; p < 3; ++p) got.push_back(large(p));
  EXPECT_EQ(got, (std::vector<std::int64_t>{1, 6, 7, 4, 8, 9, 0, 3, 5, 2, 407369, 868601, 631346}));
}

}  // namespace
}  // namespace thalweg
