#include "host/step/row_loader.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <thread>

#include "host/data/all_rows.hpp"
#include "host/runtime/available_memory.hpp"
#include "host/step/reader_threads.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/memory_store.hpp"

namespace thalweg {
namespace {

using test::MemoryStore;
using Rows = std::vector<std::int64_t>;

constexpr std::int64_t kRows = 97, kFeatures = 3;

enum class Kind { floats, bytes, sparse };
constexpr Kind kKinds[] = {Kind::floats, Kind::bytes, Kind::sparse};

/// Row r of sparse data has r % 4 entries, of dense data the features 3 r, 3 r + 1 and 3 r + 2.
Dataset made(Kind kind) {
  Dataset data;
  data.rows = kRows, data.features = kFeatures, data.sparse = kind == Kind::sparse;
  if (data.sparse) data.offsets = {0};
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (std::int64_t j = 0; j < kFeatures; ++j) {
      const std::int64_t value = 3 * r + j;
      if (kind == Kind::floats) data.dense_f32.push_back(static_cast<float>(value));
      if (kind == Kind::bytes) data.dense_u8.push_back(static_cast<std::uint8_t>(value));
      if (kind != Kind::sparse || j >= r % 4) continue;
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(static_cast<float>(value));
    }
    if (data.sparse) data.offsets.push_back(std::ssize(data.columns));
  }
  return data;
}

void expect_rows(Kind kind, const FeatureRows& got, const Rows& rows) {
  std::vector<float> f32, values;
  std::vector<std::uint8_t> u8;
  std::vector<std::int32_t> columns;
  Rows offsets{0};
  for (const std::int64_t r : rows) {
    for (std::int64_t j = 0; j < kFeatures; ++j) {
      if (kind == Kind::floats) f32.push_back(static_cast<float>(3 * r + j));
      if (kind == Kind::bytes) u8.push_back(static_cast<std::uint8_t>(3 * r + j));
      if (kind != Kind::sparse || j >= r % 4) continue;
      columns.push_back(static_cast<std::int32_t>(j)), values.push_back(static_cast<float>(3 * r + j));
    }
    if (kind == Kind::sparse) offsets.push_back(std::ssize(columns));
  }
  EXPECT_EQ(got.rows, std::ssize(rows));
  EXPECT_EQ(got.f32, f32);
  EXPECT_EQ(got.u8, u8);
  EXPECT_EQ(got.columns, columns);
  EXPECT_EQ(got.values, values);
  EXPECT_EQ(got.offsets, offsets);
}

/// The rows of a data set without every fifth one, from the third on.
Rows training_rows() {
  Rows rows;
  for (std::int64_t r = 2; r < kRows; ++r)
    if (r % 5 != 0) rows.push_back(r);
  return rows;
}

EpochBatches batches_of(Rows rows, std::int64_t size, const BlockOrder& order = {}, bool shuffle = true) {
  return {std::move(rows), size, 7, shuffle, false, order};
}

/// Waits until the count is reached, at most seconds; then for a moment that more would take.
void settle(const std::atomic<std::int64_t>& count, std::int64_t wanted) {
  for (int i = 0; i < 2000 && count < wanted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// Blocks of 4 rows in windows of 3 of 2 slices.
constexpr BlockOrder kBlocks{.block_rows = 4, .window_blocks = 3, .slices = 2};

TEST(RowLoader, GivesTheRowsOfEachBatchWhateverReadersMemoryAndOrder) {
  for (const Kind kind : kKinds) {
    for (const BlockOrder& order : {BlockOrder{}, kBlocks}) {
      for (const std::int64_t readers : {1, 2, 8}) {
        for (const std::int64_t memory : {1, 1000, 3000, 1 << 20}) {
          const EpochBatches batches = batches_of(training_rows(), 10, order);
          RowLoader loader(std::make_shared<MemoryStore>(made(kind)), {.memory = memory, .readers = readers},
                           10, &batches);
          EpochBatch batch = batches.at(0, 0);
          for (int step = 0; step < 20; ++step, batch = batch.next()) {
            expect_rows(kind, loader.take(batch), batch.rows());
            if (step == 3) expect_rows(kind, loader.take(Rows{96, 0, 5, 0, 6, 4}), {96, 0, 5, 0, 6, 4});
          }
        }
      }
    }
  }
}

TEST(RowLoader, GivesABatchAnywhereInTheEpochs) {
  for (const BlockOrder& order : {BlockOrder{}, kBlocks}) {
    const EpochBatches batches = batches_of(all_rows(kRows), 10, order);
    RowLoader loader(std::make_shared<MemoryStore>(made(Kind::floats)), {.memory = 1 << 20, .readers = 3}, 10,
                     &batches);
    for (const auto& [epoch, number] : {std::pair{4, 9}, {0, 0}, {0, 2}, {0, 2}, {9, 5}, {0, 1}}) {
      const EpochBatch batch = batches.at(epoch, number);
      expect_rows(Kind::floats, loader.take(batch), batch.rows());
    }
  }
}

TEST(RowLoader, GivesAListOfNoRows) {
  for (const Kind kind : kKinds) {
    RowLoader loader(std::make_shared<MemoryStore>(made(kind)), {}, 10, nullptr);
    expect_rows(kind, loader.take(Rows{4, 3}), {4, 3});
    expect_rows(kind, loader.take(Rows{}), {});
  }
}

TEST(RowLoader, ReadsSoManyBatchesAheadAsTheMemoryHolds) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
  const EpochBatches batches = batches_of(all_rows(kRows), 10);
  // 12 bytes a row, and 40 for its id and place: 5 batches of 10, the one in use with them.
  RowLoader loader(store, {.memory = 2600, .readers = 3}, 10, &batches);
  loader.take(batches.at(0, 0));
  settle(store->rows_read, 50);
  EXPECT_EQ(store->rows_read, 50);
  loader.take(batches.at(0, 1));
  settle(store->rows_read, 60);
  EXPECT_EQ(store->rows_read, 60);
  EXPECT_EQ(loader.report().bytes, 60 * 12);
}

TEST(RowLoader, ReadsOneBatchAheadInTooLittleMemory) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::bytes));
  const EpochBatches batches = batches_of(all_rows(kRows), 10);
  RowLoader loader(store, {.memory = 1, .readers = 3}, 10, &batches);
  loader.take(batches.at(0, 8));
  settle(store->rows_read, 17);
  EXPECT_EQ(store->rows_read, 17) << "the last batch of the epoch has 7 rows";
  loader.take(batches.at(0, 9));
  settle(store->rows_read, 27);
  EXPECT_EQ(store->rows_read, 27) << "the next epoch follows";
}

TEST(RowLoader, ReadsNeighboursAtOnce) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
  RowLoader loader(store, {.memory = 1, .readers = 2}, 10, nullptr);
  loader.take(Rows{7, 9, 8, 20, 8, 11, 21});
  EXPECT_EQ(store->reads, 3) << "7 to 9, 11, 20 and 21";
  EXPECT_EQ(store->rows_read, 6);
}

TEST(RowLoader, ReadsABatchOfLongRowsInPartsOfManyThreads) {
  Dataset data;
  data.rows = 8, data.features = 5000;
  data.dense_f32 = test::random_floats(8 * 5000, 1);
  const auto store = std::make_shared<MemoryStore>(data);
  RowLoader loader(store, {.memory = 1, .readers = 8}, 8, nullptr);
  const FeatureRows& rows = loader.take(Rows{0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(rows.f32, data.dense_f32);
  EXPECT_EQ(store->reads, 8) << "parts of 32 KiB: a row of 20 kB each";
}

TEST(RowLoader, ReadsEachBlockOnceWhereTheWindowHoldsAllRows) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::sparse));
  const EpochBatches batches = batches_of(all_rows(kRows), 10, {.block_rows = 10, .window_blocks = 10});
  RowLoader loader(store, {.memory = 1 << 20, .readers = 2}, 10, &batches);
  EpochBatch batch = batches.at(0, 0);
  for (int step = 0; step < 25; ++step, batch = batch.next())
    expect_rows(Kind::sparse, loader.take(batch), batch.rows());
  EXPECT_EQ(store->reads, 10) << "the blocks of the epoch that follows are those";
  EXPECT_EQ(store->rows_read, kRows);
  EXPECT_EQ(loader.report().note, "");
}

TEST(RowLoader, ReadsEachBlockAboutOnceAnEpochWhereTheWindowIsSmall) {
  for (const std::int64_t slices : {1, 2}) {
    const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
    const EpochBatches batches =
        batches_of(all_rows(kRows), 7, {.block_rows = 4, .window_blocks = 3, .slices = slices});
    RowLoader loader(store, {.memory = 1 << 20, .readers = 2}, 7, &batches);
    EpochBatch batch = batches.at(0, 0);
    for (int step = 0; step < 10 * batches.batches_per_epoch(); ++step, batch = batch.next())
      expect_rows(Kind::floats, loader.take(batch), batch.rows());
    // 25 blocks an epoch; some are kept into the next one, and slices share one where they meet.
    EXPECT_GE(store->reads, 200);
    EXPECT_LE(store->reads, 10 * (25 + slices) + 12);
  }
}

TEST(RowLoader, TellsAnErrorToTheBatchThatNeedsTheRow) {
  for (const BlockOrder& order : {BlockOrder{}, BlockOrder{.block_rows = 1, .window_blocks = 20}}) {
    const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
    const EpochBatches batches = batches_of(all_rows(kRows), 10, order);
    RowLoader loader(store, {.memory = 1 << 20, .readers = 3}, 10, &batches);
    store->bad_row = batches.at(0, 2).rows()[4];
    for (int number : {0, 1}) {
      const EpochBatch good = batches.at(0, number);
      expect_rows(Kind::floats, loader.take(good), good.rows());
    }
    try {
      loader.take(batches.at(0, 2));
      ADD_FAILURE() << "the row was given";
    } catch (const IoError& error) {
      EXPECT_EQ(error.what(), "row " + std::to_string(store->bad_row) + " is unreadable");
    }
    EXPECT_THROW(loader.take(batches.at(0, 2)), IoError) << "it is read again";
    expect_rows(Kind::floats, loader.take(Rows{1, 2}), {1, 2});
    store->bad_row = -1;
    for (int number : {2, 3, 4}) {
      const EpochBatch good = batches.at(0, number);
      expect_rows(Kind::floats, loader.take(good), good.rows());
    }
  }
}

TEST(RowLoader, MeasuresTheWaitOfStepsAndTheTimeOfReading) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
  store->delay_ms = 30;
  const EpochBatches batches = batches_of(all_rows(kRows), 10, {}, false);
  RowLoader loader(store, {.memory = 1, .readers = 2}, 10, &batches);
  loader.take(batches.at(0, 0));
  const double first = loader.report().wait_seconds;
  EXPECT_GE(first, 0.03);
  settle(store->rows_read, 20);
  EXPECT_GE(loader.report().read_seconds, 0.03) << "two threads at the same time";
  store->delay_ms = 0;
  loader.take(batches.at(0, 1));
  EXPECT_EQ(loader.report().wait_seconds, first) << "the rows lay ready";
}

TEST(RowLoader, EndsWithoutReadingWhatIsAnnounced) {
  const auto store = std::make_shared<MemoryStore>(made(Kind::floats));
  store->delay_ms = 20;
  const EpochBatches batches = batches_of(all_rows(kRows), 10, {}, false);
  {
    RowLoader loader(store, {.memory = 1 << 20, .readers = 1}, 10, &batches);
    loader.take(batches.at(0, 0));
  }
  EXPECT_LE(store->reads, 3) << "of the 65 that are announced";
}

LoaderPlan plan(const EpochBatches& batches, std::int64_t memory) {
  const StoredForm form{.rows = 1000, .features = 10};
  return LoaderPlan::of(form, {.memory = memory}, 100, &batches);
}

std::int64_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

/// Each takes a stack of 8 MiB, and 64 MiB that the allocator reserves; together at most half of what is
/// left.
TEST(ReaderThreads, LeaveAddressSpaceForTheRows) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &limit), 0);
  if (limit.rlim_cur != RLIM_INFINITY) GTEST_SKIP() << "there is a limit already";
  const std::int64_t before = threads_of_this_process(), most = std::int64_t{1} << 47;
  const auto set = [&](std::int64_t bytes) {
    const rlimit less{static_cast<rlim_t>(bytes), limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  };
  set(most);
  const std::int64_t in_use = most - free_address_space();
  for (const auto& [room, threads] : {std::pair(360, 2), {144, 1}, {40, 1}}) {
    while (threads_of_this_process() > before)
      std::this_thread::yield();  // those that ended may still be there
    set(in_use + (std::int64_t{room} << 20));
    const ReaderThreads few(32);
    const std::int64_t started = threads_of_this_process() - before;
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
    EXPECT_EQ(started, threads) << room << " MiB are left";
  }
  while (threads_of_this_process() > before) std::this_thread::yield();
  const ReaderThreads all(32);
  EXPECT_EQ(threads_of_this_process() - before, 32);
}

TEST(LoaderPlan, FillsTheMemoryWithBatches) {
  const EpochBatches rows = batches_of(all_rows(1000), 100);  // of 40 bytes, and 40 for id and place
  EXPECT_EQ(plan(rows, 1).ready, 1);
  EXPECT_EQ(plan(rows, 23999).ready, 1);
  EXPECT_EQ(plan(rows, 24000).ready, 2);
  EXPECT_EQ(plan(rows, 80000).ready, 9);
  EXPECT_EQ(plan(rows, 1 << 30).ready, 64);
  EXPECT_EQ(plan(rows, 1 << 30).window, 0);
}

TEST(LoaderPlan, TakesBlocksWhereTwoWindowsAndTwoBatchesFit) {
  const BlockOrder order{.block_rows = 10, .window_blocks = 25, .slices = 2};
  const EpochBatches blocks = batches_of(all_rows(1000), 100, order);
  // 500 rows: 40 bytes twice and 8 of a row's number, and two batches of 8000 bytes.
  const LoaderPlan fits = plan(blocks, 44000 + 16000), less = plan(blocks, 44000 + 15999);
  EXPECT_EQ(fits.window, 5);
  EXPECT_EQ(fits.ready, 1);
  EXPECT_EQ(fits.note, "");
  EXPECT_EQ(less.window, 0);
  EXPECT_EQ(less.ready, 6) << "all of the memory is for batches";
  EXPECT_EQ(plan(blocks, 44000 + 32000).ready, 3);
  EXPECT_EQ(plan(blocks, 1 << 20).ready, 5) << "later ones would need a third window";
}

TEST(LoaderPlan, SaysWhyRowsAreReadSingly) {
  const EpochBatches blocks =
      batches_of(all_rows(1000), 100, {.block_rows = 10, .window_blocks = 5, .slices = 2});
  const StoredForm form{.rows = 1000, .features = 10000};
  // 100 rows of 40,000 bytes twice and 8 bytes each, two batches of 4.004 MB.
  EXPECT_EQ(LoaderPlan::of(form, {.memory = 15900000}, 100, &blocks).note,
            "data.memory = 15.9 MB does not hold two windows of blocks and two batches (16.0 MB): rows are "
            "read one by one, which is slower and gives the same bits");
  EXPECT_EQ(LoaderPlan::of(form, {.memory = 16008800}, 100, &blocks).note, "");
}

TEST(LoaderPlan, CountsTheEntriesOfASparseRowOnTheAverage) {
  const StoredForm form{.rows = 10, .features = 50, .sparse = true, .entries = 39, .longest_row = 30};
  EXPECT_EQ(LoaderPlan::of(form, {.memory = 4 * 5 * 120}, 5, nullptr).ready, 3)
      << "16 + 3 * 8 bytes a row, twice, and 40";
  EXPECT_EQ(LoaderPlan::of(form, {.memory = 4 * 5 * 120 - 1}, 5, nullptr).ready, 2);
}

TEST(LoaderPlan, CountsTheRowsThatBlocksHoldBesidesThoseOfTheList) {
  Rows odd;
  for (std::int64_t r = 1; r < 1000; r += 2) odd.push_back(r);
  const EpochBatches blocks = batches_of(odd, 100, {.block_rows = 10, .window_blocks = 25});
  // 250 rows in 500 (less one at the end): 250 * (2 * 999 / 500 * 40 + 8).
  EXPECT_EQ(plan(blocks, 41960 + 16000).window, 3);
  EXPECT_EQ(plan(blocks, 41960 + 15999).window, 0);
}

TEST(LoaderPlan, TakesNoMoreThanTheEpochForAWindow) {
  const BlockOrder order{.block_rows = 30, .window_blocks = std::int64_t{1} << 61, .slices = 8};
  EXPECT_EQ(plan(batches_of(all_rows(1000), 100, order), 1 << 20).window, 11) << "34 blocks of 30 rows";
}

TEST(LoaderPlan, ReadsAListThatDoesNotAscendSingly) {
  Rows rows = all_rows(1000);
  std::swap(rows[3], rows[4]);
  const LoaderPlan single = plan(batches_of(rows, 100, {.block_rows = 10, .window_blocks = 5}), 1 << 20);
  EXPECT_EQ(single.window, 0);
  EXPECT_EQ(single.note, "the rows to train on do not ascend: they are read one by one, not in blocks");
}

}  // namespace
}  // namespace thalweg
