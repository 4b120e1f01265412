// Metrics against the values that scikit-learn 1.9 gives for the same outputs, targets and weights: ties,
// weights, classes without rows.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Table = std::vector<std::vector<double>>;

/// Sums of weights are exact in double here; quotients of them are rounded a few times.
constexpr double kRounding = 1e-14;

/// Metrics of a model whose outputs are its features.
Metrics of_outputs(const ModelConfig& loss, const Dataset& data, std::optional<double> threshold = {}) {
  ModelConfig config = loss;
  config.bias = false;
  Floats identity;
  const std::int64_t outputs = resolve_model(config, schema_of(data), 1).outputs;
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t i = 0; i < data.features; ++i) identity.push_back(o == i ? 1.0f : 0.0f);
  const Model model = test::model_with(test::context_of("cpu"), config, data, {identity});
  return evaluate(model, data, nullptr, nullptr, threshold);
}

void expect_values(const Metrics& got, const std::vector<std::pair<std::string, double>>& want) {
  for (const auto& [name, value] : want) EXPECT_NEAR(got[name], value, kRounding) << name;
}

/// Scores of two classes with four ties of both classes.
Dataset two_classes() {
  return test::class_data(1, {-2, .5, .5, .5, 3, -1, 0, -1, 2, 2}, {0, 1, 1, 0, 1, 0, 0, 1, 1, 0}, 2);
}
const Floats kTwoWeights{1, 2, 1, 3, .5, 1, 2, 1.5, 1, 1};

TEST(TwoClassScores, AreThoseOfScikitLearn) {
  expect_values(of_outputs({.loss = Loss::logistic}, two_classes()),
                {{"precision", 2.0 / 3},
                 {"recall", 0.8},
                 {"f1", 0.7272727272727273},
                 {"auc", 0.72},
                 {"average_precision", 0.711111111111111}});
}

TEST(TwoClassScores, CountARowByItsWeight) {
  Dataset data = two_classes();
  data.weight = kTwoWeights;
  expect_values(of_outputs({.loss = Loss::logistic}, data), {{"precision", 0.5294117647058824},
                                                             {"recall", 0.75},
                                                             {"f1", 0.6206896551724138},
                                                             {"auc", 0.6302083333333334},
                                                             {"average_precision", 0.5634238310708899}});
}

/// The second output is the score, the first is 0: the same probabilities.
Dataset two_outputs() {
  Dataset data = two_classes();
  const Floats scores = std::move(data.dense_f32);
  data.features = 2;
  data.dense_f32.clear();
  for (const float score : scores) data.dense_f32.insert(data.dense_f32.end(), {0, score});
  return data;
}

TEST(TwoClassScores, AreTheSameWithAnOutputForEachClass) {
  Dataset one = two_classes(), two = two_outputs();
  one.weight = two.weight = kTwoWeights;
  const Metrics want = of_outputs({.loss = Loss::logistic}, one);
  const Metrics got = of_outputs({.loss = Loss::softmax_cross_entropy}, two);
  for (const char* name : {"precision", "recall", "f1", "auc", "average_precision"})
    EXPECT_NEAR(got[name], want[name], kRounding) << name;
}

TEST(TwoClassScores, AreZeroWhereNothingIsPredictedOrRight) {
  const Metrics got = of_outputs({.loss = Loss::logistic}, test::class_data(1, {-1, -2, -3}, {0, 1, 0}, 2));
  expect_values(got, {{"precision", 0}, {"recall", 0}, {"f1", 0}, {"auc", 0.5}, {"average_precision", 0.5}});
}

TEST(TwoClassScores, RankAnOutputThatIsNoNumberAboveAll) {
  // infinity less infinity, then 1 and 0
  const Dataset data = test::class_data(2, {3e38f, -3e38f, 0.5f, 0, 0, 0}, {0, 1, 1}, 2);
  const ModelConfig config{.loss = Loss::logistic, .bias = false};
  const Model model = test::model_with(test::context_of("cpu"), config, data, {{2, 2}});
  ASSERT_TRUE(std::isnan(model.predict(data).values[0]));
  expect_values(evaluate(model, data), {{"auc", 0}, {"average_precision", (1.0 / 2 + 2.0 / 3) / 2}});
}

TEST(TwoClassScores, OfOneClassAloneSayWhyTheyAreUndefined) {
  const Metrics got = of_outputs({.loss = Loss::logistic}, test::class_data(1, {1, -2}, {0, 0}, 2));
  using Reasons = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(got.undefined,
            (Reasons{{"auc", "the rows hold one class"}, {"average_precision", "no row is of class 1"}}));
  EXPECT_TRUE(std::isnan(got["auc"]));
  Dataset named = test::class_data(1, {1, -2}, {0, 0}, 2);
  named.classes = {"no", "yes"};
  EXPECT_EQ(of_outputs({.loss = Loss::logistic}, named).undefined[1].second, "no row is of class yes");
}

TEST(Threshold, MovesTheConfusionAndWhatFollowsFromIt) {
  const Metrics low = of_outputs({.loss = Loss::logistic}, two_classes(), 0.3);
  EXPECT_EQ(low.confusion, (Table{{2, 3}, {1, 4}}));
  expect_values(low, {{"accuracy", 0.6},
                      {"precision", 4.0 / 7},
                      {"recall", 0.8},
                      {"f1", 2.0 / 3},
                      {"auc", 0.72},
                      {"balanced_accuracy", 0.6}});
  Dataset weighted = two_classes();
  weighted.weight = kTwoWeights;
  const Metrics high = of_outputs({.loss = Loss::logistic}, weighted, 0.7);
  EXPECT_EQ(high.confusion, (Table{{7, 1}, {4.5, 1.5}}));
  expect_values(
      high,
      {{"accuracy", 0.6071428571428571}, {"precision", 0.6}, {"recall", 0.25}, {"f1", 0.35294117647058826}});
}

TEST(Threshold, IsReachedByAProbabilityThatEqualsIt) {
  const Dataset data = test::class_data(1, {0, 1}, {1, 1}, 2);
  EXPECT_EQ(of_outputs({.loss = Loss::logistic}, data, 0.5).confusion, (Table{{0, 0}, {0, 2}}));
  EXPECT_EQ(of_outputs({.loss = Loss::logistic}, data, 1.0).confusion, (Table{{0, 0}, {2, 0}}));
  EXPECT_EQ(of_outputs({.loss = Loss::logistic}, data, 0.0).confusion, (Table{{0, 0}, {0, 2}}));
}

TEST(Threshold, IsOfTheSecondOutputWhereThereAreTwo) {
  const Metrics got = of_outputs({.loss = Loss::softmax_cross_entropy}, two_outputs(), 0.3);
  EXPECT_EQ(got.confusion, (Table{{2, 3}, {1, 4}}));
}

TEST(Threshold, NeedsProbabilitiesOfTwoClasses) {
  const Dataset three = test::class_data(3, {1, 0, 0}, {0}, 3);
  EXPECT_THROW(of_outputs({.loss = Loss::softmax_cross_entropy}, three, 0.5), ConfigError);
  EXPECT_THROW(of_outputs({.loss = Loss::hinge}, two_classes(), 0.5), ConfigError);
  EXPECT_THROW(of_outputs({.loss = Loss::squared}, test::number_data(1, {1}, {1}), 0.5), ConfigError);
  for (const double wrong : {-0.1, 1.1, std::nan("")})
    EXPECT_THROW(of_outputs({.loss = Loss::logistic}, two_classes(), wrong), ConfigError) << wrong;
}

/// Outputs of four classes with ties within rows and between them.
Dataset four_classes(Floats targets = {0, 1, 0, 2, 3, 3, 2, 1}) {
  return test::class_data(4, {2, 1, 0, -1, 0,  1, 1, 0, .5, .5, .5, .5, 1, 3, 2, 0,
                              0, 0, 2, 2,  -1, 0, 1, 2, 3,  0,  0,  1,  0, 2, 1, 1},
                          std::move(targets), 4);
}

TEST(ManyClassScores, AreThoseOfScikitLearn) {
  expect_values(of_outputs({.loss = Loss::softmax_cross_entropy}, four_classes()),
                {{"auc", 0.71875},
                 {"average_precision", 0.5979166666666667},
                 {"precision_macro", 0.5833333333333333},
                 {"recall_macro", 0.625},
                 {"f1_macro", 0.5666666666666667},
                 {"f1_weighted", 0.5666666666666667},
                 {"top_3_accuracy", 0.875}});
}

TEST(ManyClassScores, CountARowByItsWeight) {
  Dataset data = four_classes();
  data.weight = {1, 2, 1, .5, 3, 1, 2, 1};
  expect_values(of_outputs({.loss = Loss::softmax_cross_entropy}, data),
                {{"auc", 0.6965514275885794},
                 {"average_precision", 0.5993909592822637},
                 {"precision_macro", 0.5892857142857143},
                 {"recall_macro", 0.5625},
                 {"f1_macro", 0.49743589743589745},
                 {"f1_weighted", 0.49587513935340016},
                 {"top_3_accuracy", 0.9130434782608695}});
}

TEST(ManyClassScores, OfAClassWithoutRowsAreZeroWhereItIsPredictedAndTheRankingSaysWhy) {
  // Rows of class 3 alone are gone; it is still predicted.
  const Metrics got =
      of_outputs({.loss = Loss::softmax_cross_entropy}, four_classes({0, 1, 0, 2, 0, 1, 2, 1}));
  expect_values(got, {{"precision_macro", 1.0 / 3},
                      {"recall_macro", 1.0 / 3},
                      {"f1_macro", 1.0 / 3},
                      {"f1_weighted", 0.5},
                      {"balanced_accuracy", 4.0 / 9}});
  ASSERT_EQ(got.undefined.size(), 2u);
  EXPECT_EQ(got.undefined[0].second, "no row is of class 3");
}

TEST(ManyClassScores, OfAClassNeitherThereNorPredictedLeaveItOut) {
  const Dataset data = test::class_data(3, {9, 0, 0, 0, 9, 0}, {0, 1}, 3);
  const Metrics got = of_outputs({.loss = Loss::softmax_cross_entropy}, data);
  expect_values(got, {{"precision_macro", 1}, {"recall_macro", 1}, {"f1_macro", 1}});
}

TEST(ManyClassScores, RankProbabilitiesThatFloatCannotTellApart) {
  // 1 - 1e-9 and 1 - 1e-8 are both 1 in float: their rows would tie.
  const float a = std::log(1e9f), b = std::log(1e8f);
  const Dataset data = test::class_data(3, {a, 0, -50, b, 0, -50, 0, 5, 0, 0, 0, 5}, {0, 1, 1, 2}, 3);
  // class 0: all of its pairs; class 1: 1e-8 before 1e-9, but not before 0.0067, so 3 of 4; class 2: all
  EXPECT_NEAR(of_outputs({.loss = Loss::softmax_cross_entropy}, data)["auc"], (1 + 0.75 + 1) / 3, kRounding);
}

TEST(RegressionScores, OfAConstantTargetAreZeroOrOne) {
  // A mean of 0.1 that is summed from float weights is not 0.1.
  Dataset data = test::number_data(1, {0.1f, 0.1f, 0.25f}, {0.1f, 0.1f, 0.1f});
  data.weight = {0.3f, 0.7f, 0.1f};
  EXPECT_EQ(of_outputs({.loss = Loss::squared}, data)["r2"], 0);
  data.dense_f32[2] = 0.1f;
  EXPECT_EQ(of_outputs({.loss = Loss::squared}, data)["r2"], 1);
}

TEST(RegressionScores, OfOneRowHaveNoR2) {
  const Metrics got = of_outputs({.loss = Loss::squared}, test::number_data(1, {1}, {3}));
  ASSERT_EQ(got.undefined.size(), 1u);
  EXPECT_EQ(got.undefined[0], (std::pair<std::string, std::string>{"r2", "it needs two rows"}));
  EXPECT_EQ(got["mae"], 2);
}

TEST(RegressionScores, RelateTheErrorToTheTarget) {
  Dataset data = test::number_data(1, {1.5, -1, 3}, {1, -2, 4});
  EXPECT_NEAR(of_outputs({.loss = Loss::squared}, data)["mape"], 5.0 / 12, kRounding);
  data.weight = {1, 2, 1};
  EXPECT_NEAR(of_outputs({.loss = Loss::squared}, data)["mape"], 0.4375, kRounding);
  // in the unit of the data: targets 10 + 2 (1, -2, 4), residuals 2 (0.5, 1, -1)
  data.target_transform = {.mean = 10, .deviation = 2};
  EXPECT_NEAR(of_outputs({.loss = Loss::squared}, data)["mape"], (1.0 / 12 + 2 * 2.0 / 6 + 2.0 / 18) / 4,
              kRounding);
}

TEST(RegressionScores, OfATargetOfZeroHaveNoRelativeError) {
  const Metrics got = of_outputs({.loss = Loss::squared}, test::number_data(1, {1, 2}, {0, 2}));
  ASSERT_EQ(got.undefined.size(), 1u);
  EXPECT_EQ(got.undefined[0], (std::pair<std::string, std::string>{"mape", "a target is 0"}));
}

TEST(RegressionScores, OfRatesRelateTheRateToTheCount) {
  const Dataset data = test::number_data(1, {std::log(2.0f), std::log(6.0f)}, {4, 5});
  EXPECT_NEAR(of_outputs({.loss = Loss::poisson}, data)["mape"], (0.5 + 0.2) / 2, 1e-6);
}

TEST(RegressionScores, TakeAStandardisedTargetOfZeroForZero) {
  // -3 * 0.1 + 0.3 is 5.6e-17 in double
  Dataset data = test::number_data(1, {1, 2}, {-3, 2});
  data.target_transform = {.mean = 0.3, .deviation = 0.1};
  const Metrics got = of_outputs({.loss = Loss::squared}, data);
  ASSERT_EQ(got.undefined.size(), 1u);
  EXPECT_EQ(got.undefined[0], (std::pair<std::string, std::string>{"mape", "a target is 0"}));
}

TEST(MetricScopes, OfSumsLeaveOutWhatNeedsTheOutputs) {
  const Dataset data = four_classes();
  const ModelSpec spec = resolve_model({.loss = Loss::softmax_cross_entropy}, schema_of(data), 1);
  for (const char* name : {"auc", "average_precision", "top_3_accuracy"})
    EXPECT_TRUE(needs_outputs(spec, name)) << name;
  EXPECT_FALSE(needs_outputs(spec, "f1_macro"));
  const ModelSpec two = resolve_model({.loss = Loss::logistic}, schema_of(two_classes()), 1);
  EXPECT_FALSE(needs_outputs(two, "auc")) << "the device counts the pairs";
  EXPECT_TRUE(needs_outputs(two, "average_precision"));
}

TEST(MetricScopes, OfAllGiveAReasonWhereTheOutputsAreTooMany) {
  constexpr int kClasses = 1000, kRows = (1 << 25) / kClasses + 1;
  Floats targets;
  for (int n = 0; n < kRows; ++n) targets.push_back(static_cast<float>(n % kClasses));
  const Dataset data = test::class_data(1, Floats(kRows), std::move(targets), kClasses);
  const Model model(test::context_of("cpu"),
                    resolve_model({.loss = Loss::softmax_cross_entropy}, schema_of(data), 1));
  const Metrics got = evaluate(model, data);
  ASSERT_EQ(got.undefined.size(), 4u);
  EXPECT_EQ(got.undefined[0].first, "top_3_accuracy");
  EXPECT_EQ(got.undefined[0].second, "rows times outputs are more than 2^25; choose fewer rows");
  EXPECT_NEAR(got["log_loss"], std::log(1000.0), 1e-5);
}

}  // namespace
}  // namespace thalweg
