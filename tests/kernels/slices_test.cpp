// Slices of a batch, and their tree.
#include "kernels/base/slices.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/slice_tree.hpp"

namespace thalweg::test {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

/// The additions of a tree whose slices are finished in the order given; `roots`: how often it was reached.
struct Climb {
  Pairs pairs;
  int roots = 0;
};

Climb climb(int slices, const std::vector<int>& order) {
  Climb all;
  std::vector<int> arrived(static_cast<std::size_t>(slices), 0);
  for (const int slice : order) {
    all.roots +=
        climb_slice_tree(
            slices, slice, [&](int right) { return arrived[static_cast<std::size_t>(right)]++ != 0; },
            [&](int left, int right) { all.pairs.emplace_back(left, right); })
            ? 1
            : 0;
  }
  return all;
}

std::vector<int> in_order(int slices) {
  std::vector<int> order;
  for (int s = 0; s < slices; ++s) order.push_back(s);
  return order;
}

TEST(SliceTree, AddsNeighboursLevelByLevel) {
  EXPECT_EQ(climb(1, {0}).pairs, Pairs{});
  EXPECT_EQ(climb(4, {0, 1, 2, 3}).pairs, (Pairs{{0, 1}, {2, 3}, {0, 2}}));
  EXPECT_EQ(climb(8, in_order(8)).pairs, (Pairs{{0, 1}, {2, 3}, {0, 2}, {4, 5}, {6, 7}, {4, 6}, {0, 4}}));
}

TEST(SliceTree, LetsAnOddLastSubtreePassThrough) {
  EXPECT_EQ(climb(3, {0, 1, 2}).pairs, (Pairs{{0, 1}, {0, 2}}));
  EXPECT_EQ(climb(5, in_order(5)).pairs, (Pairs{{0, 1}, {2, 3}, {0, 2}, {0, 4}}));
  EXPECT_EQ(climb(7, in_order(7)).pairs, (Pairs{{0, 1}, {2, 3}, {0, 2}, {4, 5}, {4, 6}, {0, 4}}));
}

// 2^24 + 1 rounds to 2^24, so the order of the additions shows: (2^24 + 1) + (1 + 1) = 2^24 + 2, while a
// chain would stay at 2^24.
TEST(SliceTree, HasTheRoundingsOfNeighboursAddedFirst) {
  std::vector<float> sums{0x1p24f, 1.0f, 1.0f, 1.0f};
  const auto add = [&](int left, int right) {
    sums[static_cast<std::size_t>(left)] += sums[static_cast<std::size_t>(right)];
  };
  for (int s = 0; s < 4; ++s)
    climb_slice_tree(
        4, s, [s](int right) { return right <= s; }, add);
  EXPECT_EQ(sums[0], 0x1p24f + 2.0f);
}

TEST(SliceTree, IsTheTreeOfTheDefinitionWhateverTheOrderInWhichSlicesFinish) {
  std::mt19937 engine(1);
  for (int slices = 1; slices <= kMaxSlices; ++slices) {
    std::vector<float> leaves;
    for (int s = 0; s < slices; ++s) leaves.push_back(1.0f / static_cast<float>(3 + engine() % 1000));
    std::vector<int> order = in_order(slices);
    for (int round = 0; round < 4; ++round, std::shuffle(order.begin(), order.end(), engine)) {
      const Climb all = climb(slices, order);
      EXPECT_EQ(all.roots, 1) << slices << " slices";
      EXPECT_EQ(all.pairs.size(), static_cast<std::size_t>(slices - 1));
      std::vector<float> sums = leaves;
      for (const auto& [left, right] : all.pairs)
        sums[static_cast<std::size_t>(left)] += sums[static_cast<std::size_t>(right)];
      EXPECT_EQ(sums[0], slice_tree(leaves)) << slices << " slices, round " << round;
    }
  }
}

TEST(BatchSlices, FinishInTheCallThatBringsTheLastRow) {
  EXPECT_EQ(whole_batch(10).finish(), SliceFinish::here);
  EXPECT_EQ((BatchSlices{.batch_rows = 10, .first = 0, .rows = 4}).finish(), SliceFinish::later);
  EXPECT_EQ((BatchSlices{.batch_rows = 10, .first = 4, .rows = 5}).finish(), SliceFinish::later);
  EXPECT_EQ((BatchSlices{.batch_rows = 10, .first = 4, .rows = 6}).finish(), SliceFinish::here);
}

// Three rows in eight slices: they begin at 0, 0, 0, 1, 1, 1, 2, 2 and end at 3.
TEST(BatchSlices, KnowWhichOfThemHaveRows) {
  EXPECT_EQ(whole_batch(3).with_rows(), 0b10100100u);
  EXPECT_EQ(whole_batch(0).with_rows(), 0u);
  EXPECT_EQ(whole_batch(64, 64).with_rows(), ~std::uint64_t{0});
  EXPECT_EQ((BatchSlices{.batch_rows = 3, .first = 1, .rows = 1}).with_rows(), 0b10100100u);
}

TEST(BatchSum, HasTheChainOfASliceAtItsStride) {
  float partials[12];
  const BatchSum sum{.partials = partials, .partial_stride = 4};
  EXPECT_EQ(sum.chain(0), partials);
  EXPECT_EQ(sum.chain(2), partials + 8);
}

}  // namespace
}  // namespace thalweg::test
