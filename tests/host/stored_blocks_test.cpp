// How rows in a store are read: in which pieces, by which threads, and in how much memory.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/data/block_reader.hpp"
#include "host/data/memory_rows.hpp"
#include "host/model/replaced_cells.hpp"
#include "host/run/run_data.hpp"
#include "tests/support/stored_data.hpp"

namespace thalweg::test {
namespace {

/// Notes how it is read.
class WatchedStore : public RowStore {
 public:
  explicit WatchedStore(const Dataset& data) : rows(data) {}
  const StoredForm& form() const override { return rows.form(); }
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    most_rows = std::max(most_rows.load(), count);
    if (std::this_thread::get_id() != maker_) ++reads_ahead;
    rows.read(first, count, to);
  }

  MemoryStore rows;
  mutable std::atomic<std::int64_t> most_rows = 0;
  mutable std::atomic<std::int64_t> reads_ahead = 0;  ///< on other threads than the one that made the store

 private:
  std::thread::id maker_ = std::this_thread::get_id();
};

TEST(StoredData, ArePassedOnceAndShortRowsInLongReadsAheadOfTheModel) {
  const Dataset data = dense(2);
  const Model model = model_of(cpu(), data);
  const auto store = std::make_shared<WatchedStore>(data);
  evaluate(model, with_store(data, store));
  EXPECT_EQ(store->rows.rows_read, kRows);
  EXPECT_EQ(store->rows.reads, 1) << "2500 rows of 20 bytes";
  EXPECT_EQ(store->reads_ahead, 1);
  model.predict(with_store(data, store), {5, 6, 7, 9, 8});
  EXPECT_EQ(store->rows.reads, 4) << "rows 5 to 7 in one";
  EXPECT_EQ(store->rows.rows_read, kRows + 5);
}

TEST(StoredData, OfShortRowsAreReadInPiecesOf2MiBOrOf64Blocks) {
  const auto expect_pieces = [](std::int64_t rows, std::int64_t features, std::int64_t piece) {
    const Dataset data = number_data(features, random_floats(rows * features, 1), random_floats(rows, 2));
    const auto store = std::make_shared<WatchedStore>(data);
    const Model model = model_of(cpu(), data);
    expect_same_predictions(model.predict(with_store(data, store)), model.predict(data));
    EXPECT_EQ(store->rows.reads, 2);
    EXPECT_EQ(store->most_rows, piece);
  };
  expect_pieces(100'000, 1, 64 * 1024);
  expect_pieces(8'000, 100, 5 * 1024);  // 409,600 bytes a block
}

TEST(StoredData, OfWhichARowIsLongerThanABlockPassRowByRow) {
  constexpr std::int64_t kLong = 4'200'000;  // 16.8 MB
  Dataset data = number_data(kLong, Floats(2 * kLong, 0.5f), {1, 2});
  data.dense_f32.back() = 4.5f;
  const auto store = std::make_shared<WatchedStore>(data);
  const Dataset disk = with_store(data, store);
  const Model model = model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {Floats(kLong, 0.25f)});
  EXPECT_EQ(model.predict(disk).values, (Floats{525'000, 525'001}));
  EXPECT_EQ(fingerprint(disk, true), fingerprint(data, true));
  EXPECT_EQ(store->most_rows, 1);
}

TEST(StoredData, AreNotReadBeforeARunNeedsThem) {
  const auto store = std::make_shared<MemoryStore>(dense(2));
  checked_memory(with_store(dense(2), store), nullptr);
  EXPECT_EQ(store->reads, 0);
  Dataset short_target = with_store(dense(2), store);
  short_target.target.pop_back();
  expect_error<ShapeError>([&] { checked_memory(short_target, nullptr); }, "target has 2499 elements");
}

TEST(StoredData, WithOtherCellsInAColumnGrowAndShrinkByAnEntry) {
  Dataset data = number_data(3, {}, {});
  data.rows = 4, data.sparse = true, data.offsets = {0, 2, 2, 3, 4};
  data.columns = {0, 1, 1, 2}, data.values = {1, 2, 3, 4};
  const Floats cells{7, 0, 5};
  const auto store = with_cells(std::make_shared<MemoryStore>(data), {.name = "b", .first = 1},
                                {&cells[0], &cells[2], &cells[1], nullptr});
  EXPECT_EQ(store->form().longest_row, 3);
  EXPECT_EQ(store->form().entries, 8) << "no fewer than there may be";
  FeatureRows rows;
  store->read(2, 2, rows);
  store->read(0, 2, rows);
  EXPECT_EQ(rows.rows, 4);
  EXPECT_EQ(rows.offsets, (Rows{0, 0, 1, 3, 4})) << "row 2 loses its entry, row 1 has one now";
  EXPECT_EQ(rows.columns, (std::vector<std::int32_t>{2, 0, 1, 1}));
  EXPECT_EQ(rows.values, (Floats{4, 1, 7, 5}));
  const auto full = with_cells(store, {.name = "c", .first = 2}, ReplacedCells(4));
  EXPECT_EQ(full->form().longest_row, 3) << "of 3 features";
}

/// Each read waits for another one, some seconds at most.
class PairedReads : public WatchedStore {
 public:
  using WatchedStore::WatchedStore;
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    {
      std::unique_lock lock(mutex_);
      met_ = met_ || ++inside_ > 1;
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::seconds(5), [this] { return met_; });
      --inside_;
    }
    WatchedStore::read(first, count, to);
  }
  bool met() const { return met_; }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int inside_ = 0;
  mutable bool met_ = false;
};

TEST(StoredData, ThatLieScatteredAreReadBySeveralThreadsAtOnceInTheOrderAskedFor) {
  for (const Dataset& data : all_kinds(2)) {
    const auto store = std::make_shared<PairedReads>(data);
    Rows rows;
    for (std::int64_t n = 0; n < 33; ++n) rows.push_back(n * 1999 % kRows);
    const Dataset got = select_rows(with_store(data, store), rows), want = select_rows(data, rows);
    EXPECT_TRUE(store->met());
    EXPECT_EQ(store->rows.rows_read, 33);
    EXPECT_EQ(got.dense_f32, want.dense_f32);
    EXPECT_EQ(got.dense_u8, want.dense_u8);
    EXPECT_EQ(got.offsets, want.offsets);
    EXPECT_EQ(got.columns, want.columns);
    EXPECT_EQ(got.values, want.values);
  }
}

TEST(StoredData, OfLongRowsPassInBlocksThatAMemoryHolds) {
  constexpr std::int64_t kLong = 40000;  // 160 kB a row: 104 rows of 16 MiB
  const Dataset data = number_data(kLong, random_floats(kLong * 250, 1), random_floats(250, 2));
  const Model model = model_of(cpu(), data, {.loss = Loss::squared});
  const auto store = std::make_shared<WatchedStore>(data);
  const Dataset disk = with_store(data, store);
  expect_same_predictions(model.predict(disk), model.predict(data));
  EXPECT_EQ(store->rows.reads, 3);
  EXPECT_EQ(store->most_rows, 104);
  expect_same_metrics(evaluate(model, disk), evaluate(model, data));
}

TEST(StoredData, OfOneLongSparseRowPassInBlocksThatADeviceHasRoomFor) {
  constexpr std::int64_t kLong = 400000;  // 3.2 MB: 5 rows of 16 MiB
  Dataset data = number_data(kLong, {}, random_floats(12, 2));
  data.rows = 12, data.sparse = true, data.offsets = {0, kLong};
  for (std::int32_t j = 0; j < kLong; ++j) data.columns.push_back(j);
  data.values = random_floats(kLong, 3);
  data.offsets.resize(13, kLong);
  const auto store = std::make_shared<WatchedStore>(data);
  const Model model = model_of(cpu(), data, {.loss = Loss::squared});
  expect_same_predictions(model.predict(with_store(data, store)), model.predict(data));
  EXPECT_EQ(store->most_rows, 5);
}

/// Rows that are made when they are read.
class MadeRows : public RowStore {
 public:
  explicit MadeRows(std::int64_t rows) { form_.rows = rows, form_.features = 100; }
  const StoredForm& form() const override { return form_; }
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    for (std::int64_t r = first; r < first + count; ++r) to.f32.resize(to.f32.size() + 100, cell(r));
    to.rows += count;
  }
  static float cell(std::int64_t row) { return static_cast<float>(row % 8); }

 private:
  StoredForm form_;
};

TEST(StoredData, LargerThanTheMemoryThatACallTakesAreEvaluated) {
  constexpr std::int64_t kMany = 2'000'000;  // 800 MB
  Dataset data;
  data.rows = kMany, data.features = 100;
  data.target.assign(kMany, 0);
  const Model model = model_with(cpu(), {.loss = Loss::squared}, data, {Floats(100, 0.01f), {0}});
  data.store = std::make_shared<MadeRows>(kMany);
  struct rusage before {
  }, after{};
  ::getrusage(RUSAGE_SELF, &before);
  const Metrics metrics = evaluate(model, data);
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_NEAR(metrics["mae"], 3.5, 1e-5) << "of outputs 0 to 7";
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 150 << 10) << "KiB";
}

TEST(StoredData, AreGivenRowByRowToTheHost) {
  for (const Dataset& data : all_kinds(2)) {
    const Rows some = some_rows();
    for (const Rows* rows : {static_cast<const Rows*>(nullptr), &some}) {
      std::int64_t next = 0;
      for_each_row(stored(data), rows, std::nullopt,
                   [&](const Dataset& holder, std::int64_t at, std::int64_t n) {
                     EXPECT_EQ(n, next++);
                     const Dataset got = select_rows(holder, {at});
                     const Dataset want =
                         select_rows(data, {rows != nullptr ? (*rows)[static_cast<std::size_t>(n)] : n});
                     EXPECT_EQ(got.dense_f32, want.dense_f32);
                     EXPECT_EQ(got.dense_u8, want.dense_u8);
                     EXPECT_EQ(got.columns, want.columns);
                     EXPECT_EQ(got.values, want.values);
                     EXPECT_EQ(got.transform.scale, want.transform.scale);
                   });
      EXPECT_EQ(next, rows != nullptr ? std::ssize(some) : kRows);
    }
  }
}

}  // namespace
}  // namespace thalweg::test
