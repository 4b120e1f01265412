// The order of an epoch by blocks: against the definition of docs/numerics.md, written out with lists, and
// against numbers that another program computed from it.
#include "host/data/block_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "host/data/order.hpp"
#include "kernels/base/philox.hpp"
#include "kernels/order/order_math.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Indices = std::vector<std::int64_t>;
using Batches = std::vector<Indices>;

struct Case {
  std::int64_t rows, batch;
  BlockOrder order;
  bool drop_last;
};

std::string describe(const Case& c) {
  return std::to_string(c.rows) + " rows, batch " + std::to_string(c.batch) + ", blocks of " +
         std::to_string(c.order.block_rows) + ", windows of " + std::to_string(c.order.window_blocks) + ", " +
         std::to_string(c.order.slices) + " slices" + (c.drop_last ? ", drop_last" : "");
}

std::vector<Case> random_cases(int count) {
  std::mt19937 random(5);
  const auto up_to = [&](std::int64_t most) { return 1 + static_cast<std::int64_t>(random() % most); };
  std::vector<Case> cases;
  for (int i = 0; i < count; ++i) {
    const std::int64_t rows = up_to(i % 2 == 0 ? 40 : 700);
    cases.push_back({rows, up_to(rows + 3), {up_to(20), up_to(12), up_to(i % 3 == 0 ? 64 : 9)}, i % 5 < 2});
  }
  return cases;
}

EpochBatches batches_of(const Case& c, std::uint64_t seed) {
  return {RowSet::all(c.rows), c.batch, seed, true, c.drop_last, c.order};
}

Batches epoch_of(const EpochBatches& batches, std::int64_t epoch) {
  Batches all;
  for (std::int64_t b = 0; b < batches.batches_per_epoch(); ++b) all.push_back(batches.at(epoch, b).rows());
  return all;
}

Indices joined(const Batches& batches) {
  Indices all;
  for (const Indices& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

Indices ascending(std::int64_t count) {
  Indices indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

std::int64_t width(std::int64_t rows, std::int64_t slices, std::int64_t slice) {
  return rows * (slice + 1) / slices - rows * slice / slices;
}

/// The indices of each slice in the epoch, in the order of the batches.
std::vector<Indices> by_slice(const Batches& batches, std::int64_t slices) {
  std::vector<Indices> all(static_cast<std::size_t>(slices));
  for (const Indices& batch : batches) {
    std::size_t next = 0;
    for (std::int64_t s = 0; s < slices; ++s)
      for (std::int64_t i = 0; i < width(std::ssize(batch), slices, s); ++i)
        all[static_cast<std::size_t>(s)].push_back(batch[next++]);
  }
  return all;
}

TEST(BlockOrder, GivesTheIndicesThatAnotherProgramComputedFromItsDefinition) {
  const BlockOrder order{.block_rows = 4, .window_blocks = 2, .slices = 3};
  const EpochBatches kept(RowSet::all(23), 6, 1, true, false, order);
  EXPECT_EQ(
      epoch_of(kept, 0),
      (Batches{{22, 20, 15, 12, 6, 2}, {21, 11, 14, 16, 5, 7}, {9, 8, 13, 17, 4, 0}, {10, 19, 18, 1, 3}}));
  EXPECT_EQ(
      epoch_of(kept, 1),
      (Batches{{1, 22, 12, 7, 19, 16}, {20, 3, 6, 14, 11, 17}, {0, 2, 15, 4, 8, 9}, {21, 5, 13, 18, 10}}));
  EXPECT_EQ(epoch_of({RowSet::all(23), 6, 1, true, true, order}, 0),
            (Batches{{10, 20, 14, 22, 18, 19}, {21, 11, 13, 15, 2, 0}, {9, 8, 12, 16, 1, 17}}));
  const std::uint64_t far_seed = (std::uint64_t{5} << 32) + 1;
  const std::int64_t far_epoch = (std::int64_t{1} << 32) + 3;
  EXPECT_EQ(
      epoch_of({RowSet::all(23), 6, far_seed, true, false, {4, 1, 2}}, far_epoch),
      (Batches{{12, 15, 14, 9, 8, 19}, {13, 4, 5, 10, 22, 21}, {7, 6, 17, 20, 11, 1}, {16, 18, 2, 0, 3}}));
}

TEST(BlockOrder, ReachesAnyBatchOfATrillionRowsAtOnce) {
  const EpochBatches batches(RowSet::all(std::int64_t{1} << 40), 2, 1, true, false, {1, 4, 2});
  EXPECT_EQ(batches.at(2, 9).rows(), (Indices{333063835406, 319529664939}));
  const std::int64_t far = (std::int64_t{5} << 34) + 9;
  EXPECT_EQ(batches.at(2, far).rows(), (Indices{1057632496000, 790715636394}));
  EXPECT_EQ(batches.at(2, far + 1).rows(), (Indices{198413484597, 828256184126}));
  EXPECT_EQ(batches.at(2, far + 2).rows(), (Indices{325118715745, 1088792903097}));
}

TEST(BlockOrder, HasEveryIndexOnceInEachEpoch) {
  for (const Case& c : random_cases(400)) {
    const EpochBatches batches = batches_of(c, 9);
    for (const std::int64_t epoch : {0, 1}) {
      const Indices indices = sorted(joined(epoch_of(batches, epoch)));
      if (!c.drop_last) {
        ASSERT_EQ(indices, ascending(c.rows)) << describe(c);
        continue;
      }
      const std::int64_t size = std::min(c.batch, c.rows);
      ASSERT_EQ(std::ssize(indices), c.rows / size * size) << describe(c);
      ASSERT_EQ(std::adjacent_find(indices.begin(), indices.end()), indices.end()) << describe(c);
      ASSERT_GE(indices.front(), 0);
      ASSERT_LT(indices.back(), c.rows) << describe(c);
    }
  }
}

/// A window of W blocks may begin and end within a block, and hold the short one.
TEST(BlockOrder, SlicesTakeTheIndicesOfFewBlocksAtATime) {
  for (const Case& c : random_cases(300)) {
    const std::int64_t block_rows = std::min(c.order.block_rows, c.rows);
    const auto window = static_cast<std::size_t>(block_rows * c.order.window_blocks);
    for (const Indices& taken : by_slice(epoch_of(batches_of(c, 3), 7), c.order.slices)) {
      for (std::size_t first = 0; first < taken.size(); first += window) {
        std::set<std::int64_t> blocks;
        for (std::size_t i = first; i < std::min(taken.size(), first + window); ++i)
          blocks.insert(taken[i] / block_rows);
        ASSERT_LE(std::ssize(blocks), c.order.window_blocks + 2) << describe(c);
      }
    }
  }
}

TEST(BlockOrder, MixesTheRowsOfAWindow) {
  const EpochBatches batches(RowSet::all(4000), 100, 1, true, false, {10, 20, 4});
  const std::vector<Indices> slices = by_slice(epoch_of(batches, 0), 4);
  std::int64_t neighbours = 0;
  for (const Indices& indices : slices)
    for (std::size_t i = 1; i < indices.size(); ++i) neighbours += indices[i] == indices[i - 1] + 1 ? 1 : 0;
  EXPECT_LT(neighbours, 60) << "of 4000; about one in 200 by chance";
}

TEST(BlockOrder, DiffersFromEpochToEpochAndFromSeedToSeed) {
  const BlockOrder order{.block_rows = 5, .window_blocks = 4, .slices = 2};
  std::set<Indices> orders;
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1} << 32})
    for (const std::int64_t epoch : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 32})
      orders.insert(joined(epoch_of({RowSet::all(200), 20, seed, true, false, order}, epoch)));
  EXPECT_EQ(orders.size(), 9u);
}

TEST(BlockOrder, PermutesTheBlocksOfTheTrainingRowsOfASplit) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < 23; ++i) rows.push_back(3 * i + 7);
  const EpochBatches batches(rows, 6, 1, true, false, {4, 2, 3});
  EXPECT_EQ(batches.at(0, 1).rows(), (Indices{70, 40, 49, 55, 22, 28}))
      << "of the indices 21, 11, 14, 16, 5, 7";
}

TEST(BlockOrder, WithoutShuffleTheRowsStayAsTheyLie) {
  const EpochBatches batches(RowSet::all(10), 4, 1, false, false, {2, 2, 2});
  EXPECT_EQ(joined(epoch_of(batches, 3)), ascending(10));
  EXPECT_EQ(batches.block_order(), BlockOrder{});
}

TEST(BlockOrder, MayBeMuchLargerThanTheData) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const EpochBatches batches(RowSet::all(50), 8, 1, true, false, {most, most, 64});
  EXPECT_EQ(sorted(joined(epoch_of(batches, 0))), ascending(50));
}

TEST(BlockOrder, IsRefusedWhereItIsNone) {
  const auto refused = [](const BlockOrder& order) {
    try {
      EpochBatches(RowSet::all(10), 4, 1, true, false, order);
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused({}), "");
  EXPECT_EQ(refused({1, 1, 1024}), "");
  EXPECT_EQ(
      refused({-1, 2, 8}),
      "BlockOrder of blocks of -1 rows, windows of 2 blocks and 8 slices; expected 0 rows or more, 1 block "
      "or more and 1 to 1024 slices");
  for (const BlockOrder order : {BlockOrder{1, 0, 8}, BlockOrder{1, 1, 0}, BlockOrder{1, 1, 1025}})
    EXPECT_NE(refused(order), "") << order.window_blocks << " " << order.slices;
}

TEST(FeistelPosition, IsTheInverseOfTheNetwork) {
  for (const std::int64_t rows : {1, 2, 5, 64, 65, 1000, 4097}) {
    for (const std::uint64_t seed : {std::uint64_t{1}, ~std::uint64_t{0}}) {
      const Feistel network = EpochOrder(rows, seed, 2, true).network();
      for (std::int64_t p = 0; p < rows; ++p)
        ASSERT_EQ(feistel_position(network, feistel_row(network, p)), p);
    }
  }
  const Feistel large = EpochOrder((std::int64_t{1} << 62) - 5, 1, 0, true).network();
  for (std::int64_t p = 0; p < 100; ++p)
    ASSERT_EQ(feistel_position(large, feistel_row(large, p << 55)), p << 55);
}

TEST(FeistelRowsAt, GivesTheRowOfEachPositionOfAList) {
  for (const std::int64_t rows : {1, 2, 33, 3000}) {
    const Feistel network = EpochOrder(rows, 3, 8, true).network();
    for (const std::int64_t count : {0, 1, 7, 8, 9, 1024, 1025, 2500}) {
      Indices got, want;
      for (std::int64_t i = 0; i < count; ++i) {
        got.push_back(i * i % rows);
        want.push_back(feistel_row(network, got.back()));
      }
      feistel_rows_at(network, count, got.data());
      ASSERT_EQ(got, want) << rows << " rows, " << count;
    }
  }
}

TEST(RowSet, HasAListOnlyWhereTheRowsAreNotAll) {
  const RowSet all = RowSet::all(5), listed{0, 1, 2, 3}, part{0, 2, 3}, turned{1, 0}, last_off{0, 1, 5};
  EXPECT_TRUE(all.list().empty());
  EXPECT_TRUE(listed.list().empty());
  EXPECT_EQ(part.list(), (Indices{0, 2, 3}));
  EXPECT_EQ(turned.list(), (Indices{1, 0}));
  EXPECT_EQ(last_off.list(), (Indices{0, 1, 5}));
  EXPECT_EQ(all.size(), 5);
  EXPECT_EQ(listed.size(), 4);
  EXPECT_EQ(part.size(), 3);
  EXPECT_EQ(listed[3], 3);
  EXPECT_EQ(part[2], 3);
  EXPECT_EQ(RowSet::all(-1).size(), 0);
}

}  // namespace
}  // namespace thalweg
