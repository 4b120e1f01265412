// What the best constant model says: where an output bias begins, and what a model has to beat.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/run/constant_check.hpp"
#include "host/run/output_bias.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

Dataset targets(std::vector<float> values) {
  Dataset data;
  data.rows = std::ssize(values);
  data.target = std::move(values);
  return data;
}

std::vector<float> start_of(Loss loss, const Dataset& data, std::int64_t outputs = 1) {
  ModelSpec spec;
  spec.config.loss = loss;
  spec.outputs = outputs;
  return constant_outputs(data, {0, 1, 2, 3}, spec);
}

TEST(OutputBias, BeginsAtTheBestConstantOfTheRowsThatTrain) {
  const Dataset counts = targets({1, 2, 3, 10, 99});
  EXPECT_EQ(start_of(Loss::squared, counts), std::vector<float>{4});
  EXPECT_EQ(start_of(Loss::poisson, counts), std::vector<float>{std::log(4.0f)});
  EXPECT_EQ(start_of(Loss::logistic, targets({1, 1, 0, 1})), std::vector<float>{std::log(3.0f)});
  EXPECT_TRUE(start_of(Loss::hinge, targets({1, 1, 0, 1})).empty());
  EXPECT_TRUE(start_of(Loss::poisson, targets({0, 0, 0, 0})).empty()) << "no rate has the mean 0";
  const std::vector<float> shares = start_of(Loss::softmax_cross_entropy, targets({0, 0, 1, 2}), 3);
  EXPECT_NEAR(shares.at(0), std::log(0.5), 1e-7);
  EXPECT_NEAR(shares.at(2), std::log(0.25), 1e-7);
}

TEST(OutputBias, CountsRowsByTheirWeights) {
  Dataset data = targets({1, 0, 0, 0});
  data.weight = {6, 1, 1, 0};
  EXPECT_EQ(start_of(Loss::logistic, data), std::vector<float>{std::log(3.0f)});
  EXPECT_EQ(start_of(Loss::squared, data), std::vector<float>{0.75f});
}

TEST(OutputBias, IsFiniteForAClassWithoutRows) {
  EXPECT_EQ(start_of(Loss::logistic, targets({1, 1, 1, 1})), std::vector<float>{std::log(8.0f)});
}

TEST(OutputBias, OfPrivateTrainingTellsNothingOfTheTargets) {
  const Context cpu({.device = "cpu", .threads = 1});
  Dataset data = targets({1, 2, 3, 10});
  data.features = 1, data.dense_f32 = {1, 2, 3, 4};
  const auto bias_of = [&](const Config& config) {
    Model model(cpu, resolve_model({.loss = Loss::squared}, schema_of(data), 1));
    start_output_bias(config, data, {0, 1, 2, 3}, model);
    return model.parameters().back().values;
  };
  Config config;
  EXPECT_EQ(bias_of(config), std::vector<float>{4});
  config.per_sample.clip_norm = config.per_sample.noise_multiplier = 1;
  EXPECT_EQ(bias_of(config), std::vector<float>{0});
}

Metrics metrics_of(double accuracy, double log_loss) {
  return {.values = {{"accuracy", accuracy}, {"log_loss", log_loss}},
          .confusion = {{60, 20}, {20, 0}},
          .classes = {"a", "b"}};
}

TEST(ConstantCheck, SpeaksOfAModelThatTheMeanWouldBeat) {
  EXPECT_THAT(worse_than_constant({.values = {{"r2", -3.17}}}, "test"),
              HasSubstr("r2 is -3.17 on the test rows: predicting the mean would be better; try"));
  EXPECT_EQ(worse_than_constant({.values = {{"r2", 0.0}}}, "test"), "");
}

TEST(ConstantCheck, SpeaksOfAModelThatTheLargestClassWouldBeat) {
  EXPECT_THAT(worse_than_constant(metrics_of(0.6, 0.9), "validation"), HasSubstr("alone has 0.8"));
  EXPECT_EQ(worse_than_constant(metrics_of(0.8, 0.9), "validation"), "");
  EXPECT_EQ(worse_than_constant(metrics_of(0.6, 0.4), "validation"), "")
      << "its probabilities tell more than the shares, whose log-loss is 0.5";
}

TEST(ConstantCheck, LeavesOutAClassWithoutRows) {
  Metrics metrics = metrics_of(0.6, 0.9);
  metrics.confusion = {{60, 20, 0}, {20, 0, 0}, {0, 0, 0}};
  EXPECT_THAT(worse_than_constant(metrics, "test"), HasSubstr("alone has 0.8"));
}

}  // namespace
}  // namespace thalweg::test
