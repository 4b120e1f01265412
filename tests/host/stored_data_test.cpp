// Calls on data whose features are in a store: the bits of the same rows in memory.
#include "tests/support/stored_data.hpp"

#include <atomic>

#include "host/data/chosen_rows.hpp"
#include "host/data/feature_rows.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/training_source.hpp"
#include "host/model/importance.hpp"
#include "host/run/defaults.hpp"
#include "host/run/privacy.hpp"
#include "thalweg/prepare.hpp"
#include "thalweg/validate.hpp"

namespace thalweg::test {
namespace {

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

TEST(StoredData, AreTrainedOnAsTheyAreAlsoWhereTheyAreRaw) {
  TrainingSource source(stored(sparse(2)), {}, TargetUse::automatic, 1);
  const Dataset data = std::move(source).take({.train = first_rows(kRows)});
  EXPECT_NE(data.store, nullptr);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"0", "1"}));
}

TEST(StoredData, AreAppendedByRowsWhoseEntriesFollowThoseThatAreThere) {
  FeatureRows sparse{
      .rows = 3, .offsets = {0, 2, 2, 5}, .columns = {0, 4, 1, 2, 3}, .values = {1, 2, 3, 4, 5}};
  FeatureRows to{.rows = 1, .offsets = {0, 1}, .columns = {7}, .values = {9}};
  append_rows(sparse, 1, 2, to);
  EXPECT_EQ(to.rows, 3);
  EXPECT_EQ(to.offsets, (Rows{0, 1, 1, 4}));
  EXPECT_EQ(to.columns, (std::vector<std::int32_t>{7, 1, 2, 3}));
  EXPECT_EQ(to.values, (Floats{9, 3, 4, 5}));
  append_rows(std::move(sparse), to);
  EXPECT_EQ(to.rows, 6);
  EXPECT_EQ(to.offsets, (Rows{0, 1, 1, 4, 6, 6, 9}));
  FeatureRows cells{.rows = 3, .f32 = {1, 2, 3, 4, 5, 6}}, some;
  append_rows(cells, 2, 1, some);
  append_rows(cells, 0, 1, some);
  EXPECT_EQ(some.rows, 2);
  EXPECT_EQ(some.f32, (Floats{5, 6, 1, 2}));
}

TEST(StoredData, TakeTheBytesOfTheirVectors) {
  const FeatureRows sparse{.rows = 2, .offsets = {0, 2, 3}, .columns = {1, 2, 0}, .values = {1, 2, 3}};
  EXPECT_EQ(sparse.bytes(), 48);
  EXPECT_EQ((FeatureRows{.rows = 1, .f32 = {1, 2, 3}}.bytes()), 20);
  EXPECT_EQ((FeatureRows{.rows = 1, .u8 = {1, 2}}.bytes()), 10);
  const StoredForm form{.rows = 4, .features = 9, .sparse = true, .entries = 11, .longest_row = 5};
  EXPECT_EQ(form.row_bytes(), 32) << "of 2 entries";
  EXPECT_EQ(form.most_row_bytes(), 48);
  EXPECT_EQ((StoredForm{.features = 9}.most_row_bytes()), 36);
  EXPECT_EQ((StoredForm{.features = 9, .dtype = DType::u8}.most_row_bytes()), 9);
}

}  // namespace
}  // namespace thalweg::test
