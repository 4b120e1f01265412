#include "thalweg/epoch_batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/data/order.hpp"

namespace thalweg {
namespace {

/// Training rows that differ from their positions.
std::vector<std::int64_t> training_rows(std::int64_t count) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(3 * i + 7);
  return rows;
}

std::vector<std::int64_t> epoch_of(const EpochBatches& batches, std::int64_t epoch) {
  std::vector<std::int64_t> rows;
  for (std::int64_t b = 0; b < batches.batches_per_epoch(); ++b) {
    const std::vector<std::int64_t> batch = batches.at(epoch, b).rows();
    rows.insert(rows.end(), batch.begin(), batch.end());
  }
  return rows;
}

TEST(EpochBatches, AreTheRowsInTheOrderOfTheEpoch) {
  const std::vector<std::int64_t> rows = training_rows(33);
  for (const std::int64_t size : {1, 4, 32, 33, 100}) {
    for (const std::int64_t epoch : {0, 1, 5}) {
      const EpochOrder order(33, 9, static_cast<std::uint64_t>(epoch), true);
      std::vector<std::int64_t> wanted;
      for (std::int64_t i = 0; i < 33; ++i) wanted.push_back(rows[static_cast<std::size_t>(order(i))]);
      EXPECT_EQ(epoch_of(EpochBatches(rows, size, 9, true, false), epoch), wanted) << size;
    }
    EXPECT_EQ(epoch_of(EpochBatches(rows, size, 9, false, false), 3), rows) << size;
  }
}

TEST(EpochBatches, EpochsAndSeedsDiffer) {
  const EpochBatches one(training_rows(33), 8, 1, true, false), two(training_rows(33), 8, 2, true, false);
  EXPECT_NE(epoch_of(one, 0), epoch_of(one, 1));
  EXPECT_NE(epoch_of(one, 0), epoch_of(two, 0));
}

TEST(EpochBatches, TheLastIsShortOrDropped) {
  const EpochBatches kept(training_rows(10), 4, 1, true, false), dropped(training_rows(10), 4, 1, true, true);
  EXPECT_EQ(kept.batches_per_epoch(), 3);
  EXPECT_EQ(kept.at(0, 2).rows().size(), 2u);
  EXPECT_EQ(dropped.batches_per_epoch(), 2);
}

TEST(EpochBatches, FollowEachOtherEpochAfterEpoch) {
  for (const bool drop_last : {false, true}) {
    const EpochBatches batches(training_rows(10), 4, 1, true, drop_last);
    EpochBatch batch = batches.at(0, 0);
    for (std::int64_t step = 1; step < 8; ++step) {
      batch = batch.next();
      EXPECT_EQ(batch, batches.at_step(step)) << step;
    }
  }
}

}  // namespace
}  // namespace thalweg
