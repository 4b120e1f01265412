// Data sets over memory of the caller's.
#include "thalweg/views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/data/memory_rows.hpp"
#include "host/data/row_store.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/per_sample.hpp"
#include "thalweg/trainer.hpp"
#include "thalweg/validate.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using Floats = std::vector<float>;

template <class E, class Call>
void expect_error(const Call& call, const std::string& words) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << words;
  } catch (const E& error) {
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

/// The output is feature 0 + 10 * feature 1 + 100 * feature 2.
Model digits(const Dataset& data) {
  return model_with(context_of("cpu"), {.loss = Loss::squared, .bias = false}, data, {{1, 10, 100}});
}

TEST(View, OfAMatrixHasTheRowsWithoutWhatLiesBetweenThem) {
  const Floats x{1, 2, 3, -1, 4, 5, 6, -1, 7, 8, 9};  // the last row ends where the memory does
  const Dataset data = matrix_view(ConstMatrix{x.data(), 3, 3, 4});
  EXPECT_EQ(data.rows, 3);
  EXPECT_EQ(data.features, 3);
  EXPECT_FALSE(data.sparse);
  EXPECT_EQ(select_rows(data, {2, 0, 1}).dense_f32, (Floats{7, 8, 9, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(digits(data).predict(data).values, (Floats{321, 654, 987}));
  EXPECT_EQ(digits(data).predict(data, {1}).values, (Floats{654}));
}

TEST(View, OfBytesHasBytes) {
  const std::vector<std::uint8_t> x{1, 2, 3, 9, 255, 5, 6};
  Dataset data = matrix_view(MatrixView<const std::uint8_t>{x.data(), 2, 3, 4});
  EXPECT_EQ(select_rows(data, {1, 0}).dense_u8, (std::vector<std::uint8_t>{255, 5, 6, 1, 2, 3}));
  EXPECT_TRUE(select_rows(data, {1}).dense_f32.empty());
  data.transform.scale = {2, 1, 1}, data.transform.shift = {0, 0, 1};
  EXPECT_EQ(digits(data).predict(data).values, (Floats{422, 1260}));
}

TEST(View, OfCsrHasTheEntriesOfEachRow) {
  const std::vector<std::int64_t> offsets{0, 2, 2, 3};
  const std::vector<std::int32_t> columns{0, 2, 1};
  const Floats values{5, 7, 3};
  const Dataset data = csr_view(
      {.offsets = offsets.data(), .columns = columns.data(), .values = values.data(), .rows = 3, .cols = 3});
  EXPECT_TRUE(data.sparse);
  const Dataset some = select_rows(data, {2, 0, 1});
  EXPECT_EQ(some.offsets, (std::vector<std::int64_t>{0, 1, 3, 3}));
  EXPECT_EQ(some.columns, (std::vector<std::int32_t>{1, 0, 2}));
  EXPECT_EQ(some.values, (Floats{3, 5, 7}));
  EXPECT_EQ(digits(data).predict(data).values, (Floats{705, 0, 30}));
}

TEST(View, TakesTheTargetsOfTheCaller) {
  const Floats x{1, 2, 3, 4, 5, 6};
  Dataset data = matrix_view(ConstMatrix{x.data(), 2, 3, 3});
  data.target = {321, 650};
  EXPECT_EQ(evaluate(digits(data), data)["mae"], 2);
  EXPECT_EQ(per_sample_gradients(digits(data), data, {1}), (Floats{16, 20, 24}));
}

TEST(View, HoldsItsKeeperAsLongAsACopyOfTheDataSetLives) {
  auto x = std::make_shared<Floats>(Floats{1, 2, 3});
  const std::weak_ptr<Floats> alive = x;
  Dataset copy;
  {
    const Dataset data = matrix_view(ConstMatrix{x->data(), 1, 3, 3}, x);
    copy = data;
    x.reset();
  }
  EXPECT_FALSE(alive.expired());
  EXPECT_EQ(digits(copy).predict(copy).values, (Floats{321}));
  copy = {};
  EXPECT_TRUE(alive.expired());
}

TEST(View, OfMemoryThatCannotBeAMatrixIsRefused) {
  const Floats x(6);
  const std::uint8_t* const none = nullptr;
  const auto view = [&](std::int64_t rows, std::int64_t cols, std::int64_t stride) {
    matrix_view(ConstMatrix{x.data(), rows, cols, stride});
  };
  EXPECT_NO_THROW(view(0, 1, 1));
  EXPECT_EQ(matrix_view(ConstMatrix{nullptr, 0, 2, 2}).rows, 0);
  expect_error<ShapeError>([&] { view(-1, 3, 3); }, "rows of the view: -1; expected 0 or more");
  expect_error<ShapeError>([&] { view(2, 0, 3); }, "features of the view: 0; expected 1 or more");
  expect_error<ShapeError>([&] { view(2, 3, 2); }, "stride of the view: 2; expected the features or more");
  expect_error<ShapeError>(
      [&] {
        matrix_view(MatrixView<const std::uint8_t>{none, 1, 2, 2});
      },
      "data of the view: null; expected the address");
}

TEST(View, OfMemoryThatCannotBeCsrIsRefused) {
  std::vector<std::int64_t> offsets{0, 2, 2, 3};
  std::vector<std::int32_t> columns{0, 2, 1};
  const Floats values{5, 7, 3};
  SparseRows rows{
      .offsets = offsets.data(), .columns = columns.data(), .values = values.data(), .rows = 3, .cols = 3};
  const auto refused = [&](const std::string& words) {
    expect_error<ShapeError>([&] { csr_view(rows); }, words);
  };
  EXPECT_NO_THROW(csr_view(rows));
  const SparseRows good = rows;
  rows.ids = offsets.data(), refused("ids of the view: not null");
  rows = good, rows.offsets = nullptr, refused("offsets of the view: null");
  rows = good, rows.values = nullptr, refused("columns or values of the view: null");
  rows = good, rows.columns = nullptr, refused("columns or values of the view: null");
  rows = good, rows.rows = -1, refused("rows of the view: -1");
  rows = good, rows.cols = 0, refused("features of the view: 0");
  rows = good, offsets[2] = 1, refused("offsets of the view: those of row 1 descend");
  offsets = {1, 2, 2, 3}, refused("offsets[0] of the view: 1; expected 0");
}

TEST(View, OfCsrRefusesAColumnBeforeAModelReadsBesideItsWeights) {
  const std::vector<std::int64_t> offsets{0, 1, 2};
  std::vector<std::int32_t> columns{2, 3};
  const Floats values{5, 7};
  const Dataset data = csr_view(
      {.offsets = offsets.data(), .columns = columns.data(), .values = values.data(), .rows = 2, .cols = 3});
  FeatureRows rows;
  expect_error<DataError>([&] { data.store->read(1, 1, rows); }, "view row 1: column 3; expected 0 to 2");
  EXPECT_EQ(rows.rows, 0) << "nothing of it was taken";
  expect_error<DataError>([&] { validate(data); }, "view row 1: column 3");
  columns[1] = 2;
  EXPECT_NO_THROW(validate(data));
}

/// Whether the learning rate is found from the rows or given.
TEST(View, OfAValueThatNoModelTakesEndsARunByRowAndFeature) {
  Floats cells(40 * 3, 0.5F);
  cells[37 * 3 + 2] = std::numeric_limits<float>::quiet_NaN();
  Dataset data = matrix_view(ConstMatrix{cells.data(), 40, 3, 3});
  data.target.assign(40, 1.0F);
  data.target[1] = 2;
  Config config;
  config.device = "cpu", config.train.threads = 1, config.train.epochs = 1;
  for (const double rate : {0.0, 0.25}) {
    config.optimizer.lr = rate;
    expect_error<DataError>([&] { train(config, data); },
                            "view row 37, feature 2: the value is nan; want a finite number");
  }
  cells[37 * 3 + 2] = 0.5F;
  EXPECT_GT(train(config, data).steps, 0);
}

}  // namespace
}  // namespace thalweg::test
