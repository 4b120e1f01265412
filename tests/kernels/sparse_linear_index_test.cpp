// The index of a batch: which features it touches, and a slot for each entry.
#include "host/runtime/device_of.hpp"
#include "tests/kernels/sparse_linear_test_problem.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

INSTANTIATE_TEST_SUITE_P(Devices, SparseLinear, testing::ValuesIn(all_devices()),
                         [](const auto& param) { return test_name(param.param); });

struct Index {
  std::vector<std::int32_t> features, slots;
  std::vector<std::int64_t> row_begin;
  bool operator==(const Index&) const = default;
};

/// The slots that the lists of entries by feature imply: each entry is found by its row and its value, and
/// the list has to hold a row's entries once and rows in order.
std::vector<std::int32_t> slots_of_lists(const OnDevice& device, const Problem& p, std::size_t features) {
  const auto entries = device.entries.download();
  const auto begin = device.entries_begin.download();
  const auto listed = device.features.download();
  if (features == 0) return {};
  std::vector<std::vector<std::int32_t>> by_row(static_cast<std::size_t>(p.rows()));
  EXPECT_EQ(begin[0], 0);
  EXPECT_EQ(begin[features], p.batch_entries());
  for (std::size_t slot = 0; slot < features; ++slot) {
    for (std::int32_t e = begin[slot]; e < begin[slot + 1]; ++e) {
      const auto [row, value] = entries[static_cast<std::size_t>(e)];
      const std::int32_t row_before = e > begin[slot] ? entries[static_cast<std::size_t>(e) - 1].row : -1;
      EXPECT_LT(row_before, row);
      auto& slots = by_row[static_cast<std::size_t>(row)];
      const std::int64_t at = p.offsets[p.ids[row]] + std::ssize(slots);
      EXPECT_EQ(p.columns[at], listed[slot]);
      EXPECT_EQ(p.values[at], value);
      slots.push_back(static_cast<std::int32_t>(slot));
    }
  }
  std::vector<std::int32_t> all;
  for (const auto& row : by_row) all.insert(all.end(), row.begin(), row.end());
  return all;
}

/// Of the first `rows` rows of the batch, in memory for all of them.
Index index_of(const Context& ctx, Problem p, std::int64_t rows) {
  const Problem all = p;
  const OnDevice device(ctx, all);
  p.ids.resize(static_cast<std::size_t>(rows));
  device.ops().index(device_of(ctx), {.input = device.input(0, rows), .touched = device.touched()});
  Index index{.features = device.features.download(),
              .slots = device.slots.download(),
              .row_begin = device.row_begin.download()};
  index.features.resize(static_cast<std::size_t>(device.count.download()[0]));
  index.row_begin.resize(static_cast<std::size_t>(rows) + 1);
  index.slots.resize(static_cast<std::size_t>(p.batch_entries()));
  if (ctx.device().starts_with("cuda")) index.slots = slots_of_lists(device, p, index.features.size());
  return index;
}
Index index_of(const Context& ctx, const Problem& p) { return index_of(ctx, p, p.rows()); }

Index expected_index(const Problem& p) {
  Index index{.row_begin = {0}};
  std::set<std::int32_t> features;
  for (const std::int64_t id : p.ids)
    features.insert(p.columns.begin() + p.offsets[id], p.columns.begin() + p.offsets[id + 1]);
  index.features.assign(features.begin(), features.end());
  for (const std::int64_t id : p.ids) {
    for (std::int64_t e = p.offsets[id]; e < p.offsets[id + 1]; ++e) {
      const auto place = std::lower_bound(index.features.begin(), index.features.end(), p.columns[e]);
      index.slots.push_back(static_cast<std::int32_t>(place - index.features.begin()));
    }
    index.row_begin.push_back(static_cast<std::int64_t>(index.slots.size()));
  }
  return index;
}

TEST_P(SparseLinear, IndexListsEveryTouchedFeatureOnceInAscendingOrder) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    EXPECT_EQ(index_of(ctx(), p), expected_index(p)) << describe(shape);
  }
}

TEST_P(SparseLinear, IndexOfAShortBatchLeavesTheMemoryOfALongOneOver) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    for (const std::int64_t rows : {std::int64_t{0}, p.rows() / 2}) {
      Problem batch = p;
      batch.ids.resize(static_cast<std::size_t>(rows));
      EXPECT_EQ(index_of(ctx(), p, rows), expected_index(batch)) << describe(shape) << ", " << rows;
    }
  }
}

/// The last word of a bitmap is the last of a block of 64: its features count, too.
TEST_P(SparseLinear, IndexOfTheLastFeaturesOfABitmap) {
  for (const std::int32_t cols : {4096, 8192}) {
    Problem p{.cols = cols};
    p.add_row({0, cols - 64, cols - 2, cols - 1});
    for (int row = 0; row < 30; ++row) p.add_row({cols - 65, cols - 1});
    for (std::int64_t row = 0; row < 31; ++row) p.ids.push_back(row);
    EXPECT_EQ(index_of(ctx(), p), expected_index(p)) << cols;
  }
}

/// As many features as entries, the last four of them in one word: the list has no room for one more.
TEST_P(SparseLinear, IndexOfFeaturesThatComeOnceEach) {
  Problem p{.cols = 4096};
  p.add_row({0, 64, 128, 192, 4092, 4093, 4094, 4095});
  p.ids = {0};
  EXPECT_EQ(index_of(ctx(), p), expected_index(p));
}

TEST_P(SparseLinear, IndexOfManyEntriesIsSharedByThreads) {
  const Problem p = make_problem({1500, 300000, 1, 80});
  ASSERT_GT(p.batch_entries(), 2 * 32768);
  for (const int threads : thread_counts(GetParam(), {1, 2, 5}))
    EXPECT_EQ(index_of(ctx(threads), p), expected_index(p));
}

/// So few entries for the features that not every thread gets a bitmap.
TEST_P(SparseLinear, IndexOfFewerTasksThanThreads) {
  const Problem p = make_problem({300, 3'000'000, 1, 40});
  ASSERT_GE(p.batch_entries(), 2 * 4096);
  ASSERT_LT(512 * p.batch_entries() / p.cols, 4);
  for (const int threads : thread_counts(GetParam(), {2, 8}))
    for (int again = 0; again < 20; ++again) ASSERT_EQ(index_of(ctx(threads), p), expected_index(p));
}

TEST_P(SparseLinear, IndexOfFewEntriesAmongBillionsOfFeatures) {
  for (const std::int64_t cols :
       {std::int64_t{100'000}, std::int64_t{20'000'000}, std::int64_t{0x7fffffff}}) {
    Problem p{.cols = cols};
    const auto last = static_cast<std::int32_t>(cols - 1);
    p.add_row({0, 255, 256, 65536, last});
    p.add_row({});
    p.add_row({256, 70000, last});
    p.add_row({last});
    p.ids = {3, 0, 1, 2};
    EXPECT_EQ(index_of(ctx(), p), expected_index(p)) << cols;
  }
}

TEST_P(SparseLinear, IndexRefusesMemoryThatIsTooSmall) {
  if (GetParam() == "cuda") GTEST_SKIP() << "the device alone knows the entries; see the next test";
  const Problem p = make_problem({31, 65, 1, 20});
  const OnDevice device(ctx(), p);
  SparseIndexArgs args{.input = device.input(0, p.rows()), .touched = device.touched()};
  args.touched.capacity -= 1;
  EXPECT_THROW(device.ops().index(device_of(ctx()), args), InternalError);
  args.touched = device.touched();
  args.touched.entries_capacity -= 1;
  EXPECT_THROW(device.ops().index(device_of(ctx()), args), InternalError);
}

/// What require_index_capacity says of memory for so many features and slots; "" when it has no complaint.
std::string complaint(std::int64_t cols, std::int64_t entries, std::int64_t features, std::int64_t slots) {
  try {
    require_index_capacity(
        {.input = {.cols = cols}, .touched = {.capacity = features, .entries_capacity = slots}}, entries);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

TEST(SparseIndexCapacity, IsEnoughForEveryEntryAndForAsManyFeatures) {
  EXPECT_EQ(complaint(7, 3, 3, 3), "");
  EXPECT_EQ(complaint(3, 7, 3, 7), "");
  EXPECT_EQ(complaint(5, 5, 5, 5), "");
  EXPECT_NE(complaint(7, 3, 2, 3).find("touched.capacity is 2, want at least min(features, entries) = 3"),
            std::string::npos);
  EXPECT_NE(complaint(3, 7, 2, 7).find("touched.capacity is 2, want at least min(features, entries) = 3"),
            std::string::npos);
  EXPECT_NE(
      complaint(3, 7, 3, 6).find("touched.entries_capacity is 6, want at least the 7 entries of the batch"),
      std::string::npos);
}

TEST_P(SparseLinear, IndexNeverWritesPastMemoryThatIsTooSmall) {
  if (GetParam() != "cuda") GTEST_SKIP() << "refused";
  const Problem p = make_problem({31, 65, 1, 20});
  const Context& context = ctx();
  const OnDevice device(context, p);
  for (const std::int64_t less : {1, 7}) {
    SparseIndexArgs args{.input = device.input(0, p.rows()), .touched = device.touched()};
    args.touched.capacity -= less;
    args.touched.entries_capacity -= less;
    const Guarded<std::int32_t> features(context, args.touched.capacity),
        entries_begin(context, args.touched.capacity + 1);
    const Guarded<TouchedEntry> entries(context, args.touched.entries_capacity);
    args.touched.features = features.data();
    args.touched.entries = entries.data();
    args.touched.entries_begin = entries_begin.data();
    device.ops().index(device_of(context), args);
    features.download();
    entries.download();
    entries_begin.download();
  }
}

// Two rows with six entries of five features.
TEST(SparseIndexCost, ReadsColumnsAndOffsetsAndWritesSlotsFeaturesAndRowBegins) {
  const Cost cost = sparse_index_cost(2, 6, 5);
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_read, 4 * 6 + 8 * 2);
  EXPECT_EQ(cost.bytes_written, 4 * 6 + 4 * 5 + 8 * 2);
}

}  // namespace
}  // namespace thalweg::test
