// Calls on data whose features are in a store: errors by name.
#include "tests/support/stored_data.hpp"

#include "host/data/memory_rows.hpp"
#include "thalweg/prepare.hpp"
#include "thalweg/validate.hpp"

namespace thalweg::test {
namespace {

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

}  // namespace
}  // namespace thalweg::test
