// Calls on data whose features are in a store: the bits of the same rows in memory, and errors by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "host/data/block_reader.hpp"
#include "host/data/chosen_rows.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/training_source.hpp"
#include "host/model/importance.hpp"
#include "host/model/replaced_cells.hpp"
#include "host/run/defaults.hpp"
#include "host/run/privacy.hpp"
#include "host/run/run_data.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/prepare.hpp"
#include "thalweg/validate.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;

constexpr std::int64_t kRows = 2500, kFeatures = 5;  // blocks of 1024, 1024 and 452 rows
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

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

Dataset stored(const Dataset& data) { return with_store(data, std::make_shared<MemoryStore>(data)); }

template <class E, class Call>
void expect_error(const Call& call, const std::string& words) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << words;
  } catch (const E& error) {
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

Floats whole(std::int64_t count, std::uint64_t seed, int below) {
  Floats values = random_floats(count, seed, 0, static_cast<float>(below));
  for (float& value : values) value = std::min(std::floor(value), static_cast<float>(below - 1));
  return values;
}

Dataset dense(int classes) {
  Dataset data = number_data(kFeatures, random_floats(kRows * kFeatures, 1), random_floats(kRows, 2));
  if (classes > 0) data = class_data(kFeatures, std::move(data.dense_f32), whole(kRows, 3, classes), classes);
  data.weight = random_floats(kRows, 4, 0.5f, 1.5f);
  return data;
}

Dataset bytes(int classes) {
  Dataset data = dense(classes);
  for (const float value : whole(kRows * kFeatures, 5, 256))
    data.dense_u8.push_back(static_cast<std::uint8_t>(value));
  data.dense_f32 = {};
  data.transform.scale = {1.0f / 255, 0.5f, 0.01f, 1, 2}, data.transform.shift = {0, -1, 0.25f, 0, 3};
  return data;
}

/// Rows of 0 to 3 entries.
Dataset sparse(int classes) {
  Dataset data = dense(classes);
  data.dense_f32 = {}, data.sparse = true, data.offsets = {0};
  const Floats values = random_floats(kRows * kFeatures, 6);
  for (std::int64_t n = 0; n < kRows; ++n) {
    for (std::int64_t j = n % 2; j < kFeatures && n % 7 != 0; j += 2) {
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(values[static_cast<std::size_t>(n * kFeatures + j)]);
    }
    data.offsets.push_back(std::ssize(data.columns));
  }
  return data;
}

std::vector<Dataset> all_kinds(int classes) { return {dense(classes), bytes(classes), sparse(classes)}; }

const Context& cpu() { return context_of("cpu"); }

/// A model whose parameters are not 0.
Model model_of(const Context& ctx, const Dataset& data, const ModelConfig& config = {}) {
  Model model(ctx, resolve_model(config, schema_of(data), 7));
  std::vector<NamedTensor> tensors = model.parameters();
  for (std::size_t t = 0; t < tensors.size(); ++t)
    tensors[t].values = random_floats(std::ssize(tensors[t].values), 100 + t);
  model.set_parameters(tensors);
  return model;
}

/// Rows in no order, one of them twice, in all blocks.
Rows some_rows() {
  Rows rows{2499, 17, 3, 4, 5, 1024, 17};
  for (std::int64_t n = 0; n < 1200; ++n) rows.push_back(n * 7 % kRows);
  return rows;
}

void expect_same_predictions(const Predictions& got, const Predictions& want) {
  EXPECT_EQ(got.rows, want.rows);
  EXPECT_EQ(got.predicted_class, want.predicted_class);
  expect_same_bits(got.values, want.values, "predictions");
}

void expect_same_metrics(const Metrics& got, const Metrics& want) {
  EXPECT_GE(want.values.size(), 3u);
  EXPECT_EQ(got.values, want.values);
  EXPECT_EQ(got.undefined, want.undefined);
  EXPECT_EQ(got.confusion, want.confusion);
}

TEST(StoredData, ArePredictedAndEvaluatedAsTheSameRowsInMemoryOnEveryDevice) {
  const Rows some = some_rows();
  for (const std::string& device : all_devices()) {
    for (const int classes : {0, 2, 3}) {
      const std::vector<std::int64_t> hidden(classes == 2 ? 1 : 0, 4);
      for (const Dataset& data : all_kinds(classes)) {
        const Model model = model_of(context_of(device), data, {.hidden = hidden});
        const Dataset disk = stored(data);
        expect_same_predictions(model.predict(disk), model.predict(data));
        expect_same_predictions(model.predict(disk, some), model.predict(data, some));
        expect_same_metrics(evaluate(model, disk), evaluate(model, data));
        expect_same_metrics(evaluate(model, disk, &some), evaluate(model, data, &some));
      }
    }
  }
}

TEST(StoredData, HaveThePerSampleGradientsOfTheSameRowsInMemoryOnEveryDevice) {
  const Rows some = some_rows();
  for (const std::string& device : all_devices()) {
    for (const Dataset& data : all_kinds(3)) {
      const Model model = model_of(context_of(device), data, {.hidden = {4}});
      const Floats want = per_sample_gradients(model, data, some);
      EXPECT_EQ(want.size(), some.size() * 39u);
      expect_same_bits(per_sample_gradients(model, stored(data), some), want, device);
    }
  }
}

TEST(StoredData, HaveTheStandardErrorsOfTheSameRowsInMemory) {
  for (const Dataset& data : all_kinds(2)) {
    const Model model = model_of(cpu(), data, {.loss = Loss::logistic});
    const auto got = standard_errors(model, stored(data)), want = standard_errors(model, data);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t j = 0; j < got.size(); ++j) {
      EXPECT_GT(want[j].standard_error, 0);
      EXPECT_EQ(got[j].standard_error, want[j].standard_error) << j;
    }
  }
}

void expect_same_importances(const Model& model, const Dataset& data, const Rows& rows) {
  const Importances want = permutation_importance(model, data, rows, {.metric = "loss", .repeats = 2});
  const Importances got = permutation_importance(model, stored(data), rows, {.metric = "loss", .repeats = 2});
  EXPECT_EQ(got.baseline, want.baseline);
  ASSERT_EQ(got.columns.size(), want.columns.size());
  for (std::size_t c = 0; c < got.columns.size(); ++c) {
    EXPECT_NE(want.columns[c].mean, 0);
    EXPECT_EQ(got.columns[c].mean, want.columns[c].mean) << c;
    EXPECT_EQ(got.columns[c].deviation, want.columns[c].deviation) << c;
  }
}

TEST(StoredData, HaveTheImportancesOfTheSameRowsInMemory) {
  for (Dataset data : all_kinds(2)) {
    const Model model = model_of(cpu(), data);
    expect_same_importances(model, data, first_rows(kRows));
    data.weight[3] = 0;
    expect_same_importances(model, data, some_rows());
  }
}

TEST(StoredData, KeepTheInputsOfARawColumnTogetherWhereItsImportanceIsMeasured) {
  Dataset data = dense(2);
  data.transform.categories = {{"a", "b"}, {}, {"c", "d"}};  // two inputs, one, two
  expect_same_importances(model_of(cpu(), data), data, some_rows());
}

/// Raw rows, and a model of rows that were scaled, filled and have their columns in another order.
struct RawRows {
  Dataset rows = dense(2);
  Dataset trained = dense(2);
  RawRows() {
    trained.transform.columns = {"a", "b", "c", "d", "e"};
    trained.transform.scale = {1, 2, 3, 4, 5}, trained.transform.shift = {0, 1, 0, -1, 0.5f};
    trained.transform.impute = {0, 0, 7, 0, 0};
    trained.classes = {"1", "0"};
    rows.transform.columns = {"b", "a", "c", "e", "d"};
    rows.dense_f32[2] = rows.dense_f32[2002 * kFeatures + 2] = kNan;
  }
  Model model() const { return model_of(cpu(), trained); }
};

TEST(StoredData, AreTransformedAsTheyAreReadWhereTheyAreRaw) {
  const RawRows raw;
  const Model model = raw.model();
  const Dataset disk = stored(raw.rows);
  const Rows some = some_rows();
  expect_same_predictions(model.predict(disk), model.predict(raw.rows));
  expect_same_predictions(model.predict(disk, some), model.predict(raw.rows, some));
  EXPECT_TRUE(model.predict(disk, {}).values.empty());
  expect_same_metrics(evaluate(model, disk), evaluate(model, raw.rows));
  expect_same_metrics(evaluate(model, disk, &some), evaluate(model, raw.rows, &some));
  expect_same_bits(per_sample_gradients(model, disk, some), per_sample_gradients(model, raw.rows, some), "");
  const Dataset prepared = prepare(disk, model.spec().schema), want = prepare(raw.rows, model.spec().schema);
  ASSERT_NE(prepared.store, nullptr);
  EXPECT_EQ(prepared.target, want.target) << "the classes are those of the model";
  EXPECT_EQ(prepared.transform.scale, want.transform.scale);
  const Dataset read = select_rows(prepared, {2002, 0, 1});
  expect_same_bits(read.dense_f32, select_rows(want, {2002, 0, 1}).dense_f32, "prepared");
}

TEST(StoredData, HaveMoreInputsThanRawColumnsWhereAColumnOfNoValueIsOneOfCategories) {
  Dataset trained = number_data(6, random_floats(6, 1), {1}), raw = dense(0);
  trained.transform.categories = {{"a", "b"}, {}, {}, {}, {}}, trained.transform.impute = {1, 0, 0, 0, 0};
  for (std::size_t cell = 0; cell < raw.dense_f32.size(); cell += kFeatures) raw.dense_f32[cell] = kNan;
  const Model model = model_of(cpu(), trained);
  expect_same_predictions(model.predict(stored(raw)), model.predict(raw));
  const Dataset prepared = prepare(stored(raw), model.spec().schema);
  EXPECT_EQ(prepared.features, 6);
  EXPECT_EQ(prepared.store->form().features, 6);
}

TEST(StoredData, OfBytesStayBytesOnlyWhereScaleAndShiftAreAllThatBecomesOfThem) {
  const Dataset data = bytes(2);
  Dataset raw = data, moved = data;
  raw.transform = {};
  moved.transform.offset = {1, 2, 3, 4, 5};
  const auto expect_same = [&](const Dataset& trained, DType dtype) {
    const Model model = model_of(cpu(), trained);
    expect_same_predictions(model.predict(stored(raw)), model.predict(raw));
    EXPECT_EQ(prepare(stored(raw), model.spec().schema).store->form().dtype, dtype);
  };
  expect_same(data, DType::u8);
  expect_same(moved, DType::f32);
}

TEST(StoredData, ThatLackAValueOfAColumnThatIsNotImputedAreRefusedByNameWhenTheRowIsRead) {
  RawRows raw;
  raw.trained.transform.impute = {};
  raw.rows.dense_f32[2] = 0;
  raw.rows.source = "disk.bin";
  const Model model = raw.model();
  expect_error<DataError>([&] { evaluate(model, stored(raw.rows)); }, "disk.bin row 2002");
  raw.rows.first_source_row = 100;
  expect_error<DataError>([&] { evaluate(model, stored(raw.rows)); }, "disk.bin row 2102");
  const std::string among = "disk.bin, among the chosen rows: row 1";  // as of rows in memory
  expect_error<DataError>([&] { model.predict(raw.rows, {5, 2002}); }, among);
  expect_error<DataError>([&] { model.predict(stored(raw.rows), {5, 2002}); }, among);
  raw.rows.source_files = {{"first.bin", 0, 0}, {"second.bin", 2000, 50}};
  expect_error<DataError>([&] { evaluate(model, stored(raw.rows)); }, "second.bin row 52");
  raw.rows.source_line.assign(kRows, 0), raw.rows.source_line[2002] = 4711;
  expect_error<DataError>([&] { evaluate(model, stored(raw.rows)); }, "second.bin line 4711");
}

TEST(StoredData, WithoutRowsAreRefusedOrPredictedAsThoseInMemory) {
  const RawRows raw;
  const Model model = raw.model();
  const Dataset none = select_rows(raw.rows, {});
  EXPECT_TRUE(model.predict(stored(none)).values.empty());
  for (const Dataset& data : {none, stored(none)})
    expect_error<DataError>([&] { prepare(data, model.spec().schema); }, "has no rows");
}

TEST(StoredData, AreLeftSoonAfterTheStopSignal) {
  const Model model = model_of(cpu(), dense(2));
  const std::atomic<int> stop = 2;
  const Dataset disk = stored(dense(2));
  expect_error<InterruptedError>([&] { evaluate(model, disk, nullptr, &stop); }, "after 0 of 2500 rows");
  expect_error<InterruptedError>([&] { model.predict(disk, {1, 2}, &stop); }, "after 0 of 2 rows");
}

TEST(StoredData, HaveTheFingerprintOfTheSameRowsInMemory) {
  for (const Dataset& data : all_kinds(2)) {
    for (const bool full : {false, true}) EXPECT_EQ(fingerprint(stored(data), full), fingerprint(data, full));
    const Dataset few = select_rows(data, first_rows(1024)), one = select_rows(data, {5});
    EXPECT_EQ(fingerprint(stored(few), false), fingerprint(few, true));
    EXPECT_EQ(fingerprint(stored(one), false), fingerprint(one, false));
    Dataset other = data;  // rows 1023 and 1025 are sampled ones, and the last one
    other.target[1024] += 1;
    EXPECT_EQ(fingerprint(stored(other), false), fingerprint(data, false));
    EXPECT_NE(fingerprint(stored(other), true), fingerprint(data, true));
    other.target.back() += 1;
    EXPECT_NE(fingerprint(stored(other), false), fingerprint(data, false));
  }
  Dataset missing = dense(0);
  missing.dense_f32[0] = kNan;
  EXPECT_EQ(fingerprint(stored(missing), true), fingerprint(missing, true));
}

TEST(StoredData, AreLookedAtForTheDefaultsAsTheSameRowsInMemory) {
  const Rows rows = some_rows();
  for (const Dataset& data : all_kinds(2)) {
    const RunShape got = run_shape(stored(data), rows, {}), want = run_shape(data, rows, {});
    EXPECT_GT(want.square_norm, 0);
    EXPECT_EQ(got.rows, want.rows);
    EXPECT_EQ(got.entries, want.entries);
    EXPECT_EQ(got.square_norm, want.square_norm);
  }
  const auto store = std::make_shared<MemoryStore>(dense(2));
  run_shape(with_store(dense(2), store), first_rows(kRows), {});
  EXPECT_EQ(store->rows_read, 1250) << "every second row";
}

TEST(StoredData, WithAValueThatNoModelTakesGiveNoDefaults) {
  Dataset data = dense(2);
  data.dense_f32[8 * kFeatures + 1] = kNan;
  expect_error<DataError>([&] { run_shape(stored(data), first_rows(10), {}); },
                          "rows by hand row 8, feature 1: the value is nan; want a finite number");
}

TEST(StoredData, ThatAreBytesAreNotStandardisedBeforeAPrivateRun) {
  Config config;
  config.train.batch_size = 20;
  config.per_sample.clip_norm = 0.5;
  config.per_sample.noise_multiplier = 2;
  const Rows rows = first_rows(kRows);
  EXPECT_NO_THROW(Privacy(config, stored(bytes(2)), rows, 10));
  EXPECT_THROW(Privacy(config, stored(dense(2)), rows, 10), ConfigError);
}

TEST(StoredData, AreChosenIntoMemoryOrWhereTheyAre) {
  const Rows ids{7, 8, 2, 2499, 2};
  for (const Dataset& data : all_kinds(2)) {
    const Dataset want = select_rows(data, ids), memory = select_rows(stored(data), ids);
    EXPECT_EQ(memory.store, nullptr);
    EXPECT_EQ(memory.dense_f32, want.dense_f32);
    EXPECT_EQ(memory.dense_u8, want.dense_u8);
    EXPECT_EQ(memory.offsets, want.offsets);
    EXPECT_EQ(memory.columns, want.columns);
    EXPECT_EQ(memory.values, want.values);
    EXPECT_EQ(memory.target, want.target);
    EXPECT_EQ(fingerprint(choose_rows(data, ids), true), fingerprint(want, true));
    const Dataset there = choose_rows(stored(data), ids);
    ASSERT_NE(there.store, nullptr);
    EXPECT_EQ(there.target, want.target);
    EXPECT_NO_THROW(validate(there));
    EXPECT_EQ(fingerprint(there, true), fingerprint(want, true));
    EXPECT_EQ(there.store->form().longest_row, data.sparse ? 3 : 0);
    EXPECT_GE(there.store->form().entries, std::ssize(want.columns));
  }
}

TEST(StoredData, WhoseFormIsNotThatOfTheDataSetAreRefused) {
  const Dataset data = dense(2);
  const auto refused = [&](const auto& spoil, const std::string& words) {
    Dataset disk = stored(data);
    spoil(disk);
    expect_error<ShapeError>([&] { validate(disk); }, words);
    expect_error<ShapeError>([&] { fingerprint(disk, false); }, words);
    expect_error<ShapeError>([&] { model_of(cpu(), data).predict(disk); }, words);
    expect_error<ShapeError>([&] { evaluate(model_of(cpu(), data), disk); }, words);
  };
  EXPECT_NO_THROW(validate(stored(data)));
  refused([](Dataset& d) { d.rows = 2499; }, "its store has rows 2500, the data set 2499");
  refused([](Dataset& d) { d.features = 4; }, "its store has features 5, the data set 4");
  refused([](Dataset& d) { d.sparse = true; }, "its store has rows that are dense, the data set sparse");
  refused([](Dataset& d) { d.dense_f32 = {1}; }, "its features are in a store, and in vectors too");
  refused([](Dataset& d) { d.offsets = {0}; }, "its features are in a store, and in vectors too");
  refused([](Dataset& d) { d.target.pop_back(); }, "target has 2499 elements, expected 2500");
  refused([](Dataset& d) { d.weight.pop_back(); }, "weight has 2499 elements, expected 2500");
}

/// Each call has to name what is wrong, in the second block.
void expect_refused_by_every_call(const Model& model, const Dataset& data, const std::string& words) {
  const Dataset disk = stored(data);
  expect_error<DataError>([&] { validate(disk); }, words);
  expect_error<DataError>([&] { model.predict(disk); }, words);
  expect_error<DataError>([&] { model.predict(disk, {3, 2000, 4}); }, words);
  expect_error<DataError>([&] { evaluate(model, disk); }, words);
  expect_error<DataError>([&] { per_sample_gradients(model, disk, {3, 2000}); }, words);
  expect_error<DataError>([&] { standard_errors(model, disk); }, words);
}

TEST(StoredData, WithAValueThatNoModelTakesAreRefusedByRowAndFeature) {
  Dataset data = dense(2);
  const Model model = model_of(cpu(), data);
  data.dense_f32[2000 * kFeatures + 3] = std::numeric_limits<float>::infinity();
  expect_refused_by_every_call(model, data, "rows by hand row 2000, feature 3: the value is inf");
  data.dense_f32[2000 * kFeatures + 3] = kNan;
  expect_refused_by_every_call(model, data, "rows by hand row 2000, feature 3: the value is nan");
  EXPECT_NO_THROW(validate(stored(data), MissingValues::allowed));
}

TEST(StoredData, WithASparseRowThatNoModelTakesAreRefusedByRowAndColumn) {
  const Dataset good = sparse(2);
  const Model model = model_of(cpu(), good);
  const auto at = static_cast<std::size_t>(good.offsets[2000]);  // columns 0, 2, 4
  Dataset data = good;
  data.values[at + 1] = kNan;
  expect_refused_by_every_call(model, data, "rows by hand row 2000, feature 2: the value is nan");
  data = good, data.columns[at + 2] = 5;
  expect_refused_by_every_call(model, data, "rows by hand row 2000: column 5; expected 0 to 4");
  data = good, data.columns[at + 1] = 0;
  expect_refused_by_every_call(model, data, "rows by hand row 2000: column 0 follows column 0");
}

TEST(StoredData, ThatCannotBeReadEndTheCallAndTheModelStaysUsable) {
  const Dataset data = dense(2);
  const Model model = model_of(cpu(), data);
  const auto store = std::make_shared<MemoryStore>(data);
  const Dataset disk = with_store(data, store);
  for (const std::int64_t row : {0, 2499}) {
    store->bad_row = row;
    expect_error<IoError>([&] { evaluate(model, disk); }, "is unreadable");
    expect_error<IoError>([&] { model.predict(disk); }, "is unreadable");
    expect_error<IoError>([&] { per_sample_gradients(model, disk, {row}); }, "is unreadable");
    expect_error<IoError>([&] { fingerprint(disk, true); }, "is unreadable");
  }
  store->bad_row = -1;
  expect_same_predictions(model.predict(disk), model.predict(data));
}

TEST(StoredData, ThatNeedToBeInMemoryForACallSaySo) {
  const Dataset disk = stored(dense(2));
  expect_error<UsageError>([&] { fit_transform(disk, {}); }, "rows by hand: its features stay on the disk");
  expect_error<UsageError>([&] { disk.dense(nullptr, 1); }, "Dataset::dense: the features of rows by hand");
  expect_error<UsageError>([&] { disk.csr(nullptr, 1); }, "Dataset::csr: the features of rows by hand");
}

TEST(StoredData, AreTrainedOnAsTheyAreAlsoWhereTheyAreRaw) {
  TrainingSource source(stored(sparse(2)), {}, TargetUse::automatic, 1);
  const Dataset data = std::move(source).take({.train = first_rows(kRows)});
  EXPECT_NE(data.store, nullptr);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"0", "1"}));
}

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
