#include "host/step/epoch_ids.hpp"

#include <gtest/gtest.h>

#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

std::vector<std::int64_t> training_rows(std::int64_t count, bool all) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(all ? i : 2 * i + 3);
  return rows;
}

void expect_rows(const std::int64_t* ids, const EpochBatch& batch, const std::string& what) {
  ASSERT_NE(ids, nullptr) << what;
  EXPECT_EQ(std::vector<std::int64_t>(ids, ids + batch.count()), batch.rows()) << what;
}

TEST(EpochIds, AreThoseOfTheBatchAndTheNextWhileBatchesFollowEachOther) {
  const Context& ctx = test::context_of("cpu");
  for (int bits = 0; bits < 8; ++bits) {
    for (const std::int64_t size : {1, 100, 300, 1030, 5000}) {
      const EpochBatches batches(training_rows(2100, (bits & 1) != 0), size, 9, (bits & 2) != 0,
                                 (bits & 4) != 0);
      PlacedOrder order(ctx, &batches);
      EpochIds ids(ctx, order);
      const std::int64_t steps = std::min<std::int64_t>(2 * batches.batches_per_epoch() + 3, 50);
      for (std::int64_t step = 0; step < steps; ++step) {
        const std::string what =
            std::to_string(bits) + ", " + std::to_string(size) + ", " + std::to_string(step);
        expect_rows(ids.move_to(batches.at_step(step)), batches.at_step(step), what);
        if (step == 0) continue;  // that they follow each other is not known yet
        ASSERT_EQ(ids.upcoming_count(), batches.at_step(step + 1).count()) << what;
        expect_rows(ids.upcoming(), batches.at_step(step + 1), what);
      }
    }
  }
}

TEST(EpochIds, AreRightWhereverTheNextBatchLies) {
  const Context& ctx = test::context_of("cpu");
  const EpochBatches batches(training_rows(2100, false), 100, 9, true, false);
  PlacedOrder order(ctx, &batches);
  EpochIds ids(ctx, order);
  for (const std::int64_t step :
       {5, 6, 7, 100, 14, 15, 16, 17, 18, 5, 5, 6, 100, 101, 41, 42, 0, 21, 22, 43}) {
    expect_rows(ids.move_to(batches.at_step(step)), batches.at_step(step), std::to_string(step));
    if (ids.upcoming() != nullptr)
      expect_rows(ids.upcoming(), batches.at_step(step + 1), "after " + std::to_string(step));
  }
}

}  // namespace
}  // namespace thalweg
