// The metrics that a user reads, against numbers worked out by hand from outputs that the weights make known.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Table = std::vector<std::vector<double>>;

const Context& cpu() { return test::context_of("cpu"); }

/// Losses are rounded to float once or twice; their sums are exact.
constexpr double kRelative = 4 * 0x1p-24;

/// Metrics of a model whose only output is its only feature.
Metrics of_outputs(const ModelConfig& loss, const Dataset& data,
                   const std::vector<std::int64_t>* rows = nullptr) {
  ModelConfig config = loss;
  config.bias = false;
  return evaluate(test::model_with(cpu(), config, data, {{1}}), data, rows);
}

/// The same with as many outputs as features.
Metrics of_three_outputs(const ModelConfig& loss, const Dataset& data) {
  ModelConfig config = loss;
  config.bias = false;
  return evaluate(test::model_with(cpu(), config, data, {{1, 0, 0, 0, 1, 0, 0, 0, 1}}), data);
}

void expect_names(const Metrics& metrics, const std::vector<std::string>& want) {
  std::vector<std::string> names;
  for (const auto& [name, value] : metrics.values) names.push_back(name);
  EXPECT_EQ(names, want);
}

/// Outputs 1, 2 and 3 for targets 1, 3 and 3 of weights 1, 2 and 1.
Dataset weighted_numbers() {
  Dataset data = test::number_data(1, {1, 2, 3}, {1, 3, 3});
  data.weight = {1, 2, 1};
  return data;
}

TEST(RegressionMetrics, AreWeighted) {
  // One residual of 1 with weight 2 of 4. The weighted mean of the targets is 10 / 4, the sum of squared
  // deviations 2.25 + 3 * 0.25 = 3.
  const Metrics got = of_outputs({.loss = Loss::squared}, weighted_numbers());
  expect_names(got, {"loss", "r2", "rmse", "mae", "mape"});
  EXPECT_DOUBLE_EQ(got["loss"], 0.25);
  EXPECT_DOUBLE_EQ(got["r2"], 1 - 2.0 / 3);
  EXPECT_DOUBLE_EQ(got["rmse"], std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(got["mae"], 0.5);
  EXPECT_TRUE(got.confusion.empty());
  EXPECT_TRUE(std::isnan(got["accuracy"])) << "no metric of regression";
}

TEST(RegressionMetrics, WithoutWeightsCountEveryRowOnce) {
  Dataset data = weighted_numbers();
  data.weight.clear();
  const Metrics got = of_outputs({.loss = Loss::squared}, data);
  // mean 7 / 3, squared deviations 16 / 9 + 2 * 4 / 9 = 8 / 3
  EXPECT_DOUBLE_EQ(got["loss"], 0.5 / 3);
  EXPECT_DOUBLE_EQ(got["r2"], 1 - 3.0 / 8);
  EXPECT_DOUBLE_EQ(got["rmse"], std::sqrt(1.0 / 3));
  EXPECT_DOUBLE_EQ(got["mae"], 1.0 / 3);
}

TEST(RegressionMetrics, AreInTheUnitOfTheTargetButTheLossIsWhatWasMinimised) {
  Dataset data = weighted_numbers();
  data.target_transform = {.mean = 1000, .deviation = 20};
  const Metrics got = of_outputs({.loss = Loss::squared}, data);
  EXPECT_DOUBLE_EQ(got["loss"], 0.25);
  EXPECT_DOUBLE_EQ(got["r2"], 1 - 2.0 / 3);
  EXPECT_DOUBLE_EQ(got["rmse"], 20 * std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(got["mae"], 10);
}

TEST(RegressionMetrics, OfPoissonCompareRates) {
  const float ln2 = std::log(2.0f);
  // rates 1, 2 and 2 for counts 1, 2 and 6: residuals 0, 0 and 4; the mean count 3, deviations 4 + 1 + 9
  const Metrics got = of_outputs({.loss = Loss::poisson}, test::number_data(1, {0, ln2, ln2}, {1, 2, 6}));
  EXPECT_NEAR(got["mae"], 4.0 / 3, 8 * kRelative);
  EXPECT_NEAR(got["rmse"], 4 / std::sqrt(3.0), 8 * kRelative);
  EXPECT_NEAR(got["r2"], 1 - 16.0 / 14, 8 * kRelative);
  EXPECT_NEAR(got["loss"], (1 + 2 + 2 - 8 * std::log(2.0)) / 3, 8 * kRelative);
}

TEST(RegressionMetrics, OfChosenRowsAreThoseOfTheRows) {
  const std::vector<std::int64_t> rows{2, 1};
  const Metrics got = of_outputs({.loss = Loss::squared}, weighted_numbers(), &rows);
  EXPECT_DOUBLE_EQ(got["loss"], 1.0 / 3);
  EXPECT_DOUBLE_EQ(got["mae"], 2.0 / 3);
}

TEST(ClassMetrics, CountWeightsByTrueAndPredictedClass) {
  // Scores of four rows, the largest in column 0, 2, 2 and 1; classes 0, 0, 2 and 1.
  Dataset data = test::class_data(3, {9, 0, 0, 0, 0, 9, 0, 0, 9, 0, 9, 0}, {0, 0, 2, 1}, 3);
  data.weight = {1, 2, 3, 4};
  const Metrics got = of_three_outputs({.loss = Loss::softmax_cross_entropy}, data);
  expect_names(got, {"loss", "accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro",
                     "f1_weighted", "log_loss", "auc", "average_precision"});
  EXPECT_EQ(got.confusion, (Table{{1, 0, 2}, {0, 4, 0}, {0, 0, 3}}));
  EXPECT_EQ(got.classes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_DOUBLE_EQ(got["accuracy"], 0.8);
  EXPECT_DOUBLE_EQ(got["balanced_accuracy"], (1.0 / 3 + 1 + 1) / 3);
}

TEST(ClassMetrics, OfAClassWithoutRowsHaveNoPartInTheBalance) {
  const Metrics got = of_three_outputs({.loss = Loss::softmax_cross_entropy},
                                       test::class_data(3, {9, 0, 0, 0, 0, 9, 0, 9, 0}, {0, 0, 1}, 3));
  EXPECT_DOUBLE_EQ(got["balanced_accuracy"], (0.5 + 1) / 2);
  EXPECT_DOUBLE_EQ(got["accuracy"], 2.0 / 3);
}

TEST(ClassMetrics, KnowTheLogLossWithoutTheSmoothingOfTheLoss) {
  // Equal logits of three classes: each of probability 1 / 3, smoothed or not. Then ln 2, 0, 0 of class 0:
  // probability 1 / 2; with smoothing 0.3 the loss is 0.8 ln 2 + 0.2 ln 4.
  const Dataset equal = test::class_data(3, {0, 0, 0}, {1}, 3);
  const Dataset half = test::class_data(3, {std::log(2.0f), 0, 0}, {0}, 3);
  const ModelConfig plain{.loss = Loss::softmax_cross_entropy};
  const ModelConfig smoothed{.loss = Loss::softmax_cross_entropy, .label_smoothing = 0.3};
  EXPECT_NEAR(of_three_outputs(plain, equal)["log_loss"], std::log(3.0), kRelative);
  EXPECT_NEAR(of_three_outputs(smoothed, equal)["loss"], std::log(3.0), kRelative);
  const Metrics got = of_three_outputs(smoothed, half);
  EXPECT_NEAR(got["log_loss"], std::log(2.0), kRelative);
  EXPECT_NEAR(got["loss"], 1.2 * std::log(2.0), 2 * kRelative);
  EXPECT_EQ(of_three_outputs(plain, half)["loss"], of_three_outputs(plain, half)["log_loss"]);
}

TEST(ClassMetrics, OfTwoClassesRankTheScores) {
  // Pairs of a row of class 1 and one of class 0: (2, 1), (2, 3), (-1, 1), (-1, 3): one of four is in order.
  Dataset data = test::class_data(1, {2, 1, -1, 3}, {1, 0, 1, 0}, 2);
  const Metrics got = of_outputs({.loss = Loss::logistic}, data);
  expect_names(got, {"loss", "accuracy", "balanced_accuracy", "precision", "recall", "f1", "log_loss", "auc",
                     "average_precision"});
  EXPECT_DOUBLE_EQ(got["auc"], 0.25);
  EXPECT_DOUBLE_EQ(got["accuracy"], 0.25);
  EXPECT_EQ(got.confusion, (Table{{0, 2}, {1, 1}}));
  data.weight = {3, 1, 1, 2};
  // in order: 3 * 1 of (3 + 1) * (1 + 2)
  EXPECT_DOUBLE_EQ(of_outputs({.loss = Loss::logistic}, data)["auc"], 0.25);
  data.weight = {1, 5, 1, 1};
  EXPECT_DOUBLE_EQ(of_outputs({.loss = Loss::logistic}, data)["auc"], 5.0 / 12);
}

TEST(ClassMetrics, OfOneClassAloneHaveNoAuc) {
  const Metrics got = of_outputs({.loss = Loss::logistic}, test::class_data(1, {2, -1}, {1, 1}, 2));
  expect_names(got, {"loss", "accuracy", "balanced_accuracy", "precision", "recall", "f1", "log_loss"});
  EXPECT_DOUBLE_EQ(got["balanced_accuracy"], 0.5);
}

TEST(ClassMetrics, OfHingeHaveNoLogLoss) {
  // margins 1 - 2, 1 + 0.5 and 1 - 0.25
  const Dataset data = test::class_data(1, {2, 0.5, -0.25}, {1, 0, 0}, 2);
  const Metrics got = of_outputs({.loss = Loss::hinge}, data);
  expect_names(got, {"loss", "accuracy", "balanced_accuracy", "precision", "recall", "f1", "auc",
                     "average_precision"});
  EXPECT_DOUBLE_EQ(got["loss"], (1.5 + 0.75) / 3);
  EXPECT_DOUBLE_EQ(of_outputs({.loss = Loss::squared_hinge}, data)["loss"], (2.25 + 0.5625) / 3);
  expect_names(of_three_outputs({.loss = Loss::hinge}, test::class_data(3, {1, 0, 0}, {0}, 3)),
               {"loss", "accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro",
                "f1_weighted"});
}

TEST(Metrics, AreNotFinishedWhenASignalComes) {
  const Dataset data = weighted_numbers();
  const Model model = test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {{1}});
  std::atomic<int> stop{0};
  EXPECT_NO_THROW(evaluate(model, data, nullptr, &stop));
  stop = 2;
  EXPECT_THROW(evaluate(model, data, nullptr, &stop), InterruptedError);
}

}  // namespace
}  // namespace thalweg
