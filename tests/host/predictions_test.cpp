// What a model predicts, from weights that give known outputs.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "host/model/inference.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Classes = std::vector<std::int64_t>;

const Context& cpu() { return test::context_of("cpu"); }

const float kLn2 = std::log(2.0f), kLn3 = std::log(3.0f);

/// Predictions of a model whose only output is its only feature.
Predictions of_outputs(Loss loss, Floats outputs, int classes = 0) {
  const Floats target(outputs.size());
  const Dataset data = classes > 0 ? test::class_data(1, std::move(outputs), target, classes)
                                   : test::number_data(1, std::move(outputs), target);
  return test::model_with(cpu(), {.loss = loss, .bias = false}, data, {{1}}).predict(data);
}

/// The same with as many outputs as features.
Predictions of_three_outputs(Loss loss, Floats outputs) {
  const Dataset data = test::class_data(3, outputs, Floats(outputs.size() / 3), 3);
  const Floats identity{1, 0, 0, 0, 1, 0, 0, 0, 1};
  return test::model_with(cpu(), {.loss = loss, .bias = false}, data, {identity}).predict(data);
}

/// exp and a quotient in double of float logits: the rounding of the result and that of the logit, whose
/// effect is at most its size, below 2.
void expect_near(const Floats& got, const Floats& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 4 * 0x1p-24 * (1 + want[i])) << i;
}

TEST(Predictions, OfSoftmaxAreProbabilitiesOfAllClassesHoweverLargeTheLogits) {
  const Predictions got = of_three_outputs(Loss::softmax_cross_entropy,
                                           {0, kLn2, kLn3, 2000, 2000, -2000, -3000, -3000 + kLn2, -3000});
  EXPECT_EQ(got.rows, 3);
  EXPECT_EQ(got.columns, 3);
  expect_near({got.values.begin(), got.values.begin() + 6}, {1 / 6.0f, 2 / 6.0f, 3 / 6.0f, 0.5f, 0.5f, 0});
  for (const std::size_t i : {6u, 7u, 8u})  // -3000 + ln 2 is rounded to 2^-13
    EXPECT_NEAR(got.values[i], i == 7 ? 0.5 : 0.25, 0x1p-13);
  EXPECT_EQ(got.predicted_class, (Classes{2, 0, 1})) << "the first of the largest";
}

TEST(Predictions, OfLogisticAreProbabilitiesOfBothClasses) {
  const Predictions got = of_outputs(Loss::logistic, {0, kLn3, -kLn3, 2000, -2000}, 2);
  EXPECT_EQ(got.rows, 5);
  EXPECT_EQ(got.columns, 2);
  expect_near(got.values, {0.5f, 0.5f, 0.25f, 0.75f, 0.75f, 0.25f, 0, 1, 1, 0});
  EXPECT_EQ(got.predicted_class, (Classes{0, 1, 0, 1, 0})) << "class 1 above a score of 0";
}

TEST(Predictions, OfPoissonAreRates) {
  const Predictions got = of_outputs(Loss::poisson, {0, kLn2, -kLn3});
  EXPECT_EQ(got.columns, 1);
  expect_near(got.values, {1, 2, 1 / 3.0f});
  EXPECT_TRUE(got.predicted_class.empty());
}

TEST(Predictions, OfHingeLossesAreScores) {
  for (const Loss loss : {Loss::hinge, Loss::squared_hinge}) {
    const Predictions one = of_outputs(loss, {-2, 0, 3}, 2);
    EXPECT_EQ(one.columns, 1);
    EXPECT_EQ(one.values, (Floats{-2, 0, 3}));
    EXPECT_EQ(one.predicted_class, (Classes{0, 0, 1}));
    const Predictions three = of_three_outputs(loss, {-1, -3, -2, 1, 5, 5});
    EXPECT_EQ(three.columns, 3);
    EXPECT_EQ(three.values, (Floats{-1, -3, -2, 1, 5, 5}));
    EXPECT_EQ(three.predicted_class, (Classes{0, 1}));
  }
}

TEST(Predictions, OfRegressionAreInTheUnitOfTheTarget) {
  for (const Loss loss : {Loss::squared, Loss::absolute, Loss::huber, Loss::quantile}) {
    Dataset data = test::number_data(1, {-1, 0, 2}, {0, 0, 0});
    data.target_transform = {.mean = 10, .deviation = 4};
    const Model model = test::model_with(cpu(), {.loss = loss}, data, {{1}, {0.5f}});
    const Predictions got = model.predict(data);
    EXPECT_EQ(got.values, (Floats{8, 12, 20})) << name_of(loss);  // 4 (x + 0.5) + 10
    EXPECT_EQ(got.columns, 1);
    EXPECT_TRUE(got.predicted_class.empty());
  }
}

/// Feature n in row n.
Dataset counted_rows(std::int64_t rows) {
  Floats x;
  for (std::int64_t n = 0; n < rows; ++n) x.push_back(static_cast<float>(n));
  return test::number_data(1, x, Floats(x.size()));
}

TEST(Predictions, OfManyBlocksComeInTheOrderOfTheRows) {
  for (const std::int64_t rows : {kBlockRows - 1, kBlockRows, kBlockRows + 1, 2 * kBlockRows + 3}) {
    const Dataset data = counted_rows(rows);
    const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{2}, {1}});
    const Predictions got = model.predict(data);
    ASSERT_EQ(std::ssize(got.values), rows);
    for (std::int64_t n = 0; n < rows; ++n)
      ASSERT_EQ(got.values[static_cast<std::size_t>(n)], static_cast<float>(2 * n + 1));
  }
}

TEST(Predictions, OfSparseRowsComeInTheOrderOfTheRows) {
  Dataset data = counted_rows(kBlockRows + 2);
  data.features = 2, data.sparse = true, data.values = std::move(data.dense_f32);
  data.dense_f32 = {};
  for (std::int64_t n = 0; n < data.rows; ++n) data.columns.push_back(static_cast<std::int32_t>(n % 2));
  for (std::int64_t n = 0; n <= data.rows; ++n) data.offsets.push_back(n);
  const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{2, -1}, {1}});
  const Predictions got = model.predict(data);
  for (std::int64_t n = 0; n < data.rows; ++n)
    ASSERT_EQ(got.values[static_cast<std::size_t>(n)], static_cast<float>(n % 2 == 0 ? 2 * n + 1 : 1 - n));
}

TEST(Predictions, OfNoRowsAreNone) {
  const Dataset data = counted_rows(0);
  EXPECT_TRUE(
      test::model_with(cpu(), {.loss = Loss::squared}, data, {{2}, {1}}).predict(data).values.empty());
}

TEST(Inference, GoesBlockByBlockAndNoFurther) {
  for (const auto& [count, firsts] : {std::pair<std::int64_t, Classes>{0, {}},
                                      {1, {0}},
                                      {kBlockRows, {0}},
                                      {2 * kBlockRows, {0, kBlockRows}}}) {
    const Dataset data = counted_rows(count);
    const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{2}, {1}});
    const DeviceDataset placed(cpu(), data);
    const PlacedRows rows(cpu(), placed, nullptr);
    Classes seen;
    for_each_block(cpu(), model.network(), rows, nullptr,
                   [&](const OutputBlock& block) { seen.push_back(block.first); });
    EXPECT_EQ(seen, firsts) << count;
  }
}

TEST(Inference, SaysHowFarItCameWhenItIsInterrupted) {
  const Dataset data = counted_rows(3 * kBlockRows);
  const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{2}, {1}});
  const DeviceDataset placed(cpu(), data);
  const PlacedRows rows(cpu(), placed, nullptr);
  std::atomic<int> stop{0};
  std::vector<std::int64_t> seen;
  try {
    for_each_block(cpu(), model.network(), rows, &stop, [&](const OutputBlock& block) {
      seen.push_back(block.first);
      if (block.first == kBlockRows) stop = 15;
    });
    FAIL() << "was not interrupted";
  } catch (const InterruptedError& error) {
    EXPECT_NE(std::string(error.what()).find("after 2048 of 3072 rows of rows by hand"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, kBlockRows}));
}

TEST(Inference, BringsChosenRowsInTheirOwnOrder) {
  const Dataset data = counted_rows(10);
  const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{2}, {1}});
  const DeviceDataset placed(cpu(), data);
  const std::vector<std::int64_t> chosen{7, 0, 3};
  const PlacedRows rows(cpu(), placed, &chosen);
  EXPECT_EQ(rows.count(), 3);
  EXPECT_EQ(rows.row(0), 7u);
  for_each_block(cpu(), model.network(), rows, nullptr, [&](const OutputBlock& block) {
    EXPECT_EQ(Floats(block.output.data, block.output.data + block.output.rows), (Floats{15, 1, 7}));
  });
}

}  // namespace
}  // namespace thalweg
