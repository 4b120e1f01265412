// Models whose optimum is known in closed form.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/run_support.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {
namespace {

Config regression(const TemporaryFolder& folder, const std::string& csv) {
  Config config;
  config.data.train = folder.write("data.csv", csv);
  config.data.standardize = Tristate::no;
  config.data.standardize_target = Tristate::no;
  config.model.loss = Loss::squared;
  config.optimizer.name = Rule::momentum;
  config.optimizer.lr = 0.1;
  config.train.epochs = 2000;
  config.train.batch_size = 3;
  config.out = folder.path("run");
  config.checkpoint.every_epochs = 0;
  return config;
}

std::vector<NamedTensor> fitted(const Config& config) {
  train(config);
  const Context ctx({.device = "cpu"});
  return Model::load(ctx, config.out).parameters();
}

TEST(KnownAnswers, ThreePointsGiveTheirLeastSquaresLine) {
  const TemporaryFolder folder;
  const auto parameters = fitted(regression(folder, "x,y\n1,2\n2,3.5\n3,6\n"));
  EXPECT_NEAR(parameters[0].values[0], 2.000, 1e-3);
  EXPECT_NEAR(parameters[1].values[0], -0.167, 1e-3);
}

TEST(KnownAnswers, RidgeEqualsItsClosedForm) {
  const TemporaryFolder folder;
  Config config = regression(folder, "x,y\n1,2\n2,3.5\n3,6\n");
  config.optimizer.l2 = 0.3;
  const auto parameters = fitted(config);
  // minimise sum (w x + b - y)^2 / (2 n) + l2 w^2 / 2, the intercept free: w = Sxy / (Sxx + n l2), b =
  // mean(y) - w mean(x)
  const double w = 4.0 / (2.0 + 3 * 0.3), b = 11.5 / 3 - 2 * w;
  EXPECT_NEAR(parameters[0].values[0], w, 1e-4);
  EXPECT_NEAR(parameters[1].values[0], b, 1e-4);
}

TEST(KnownAnswers, AWeightOfTwoIsTheRowTwice) {
  const TemporaryFolder folder;
  Config weighted = regression(folder, "x,y,w\n1,2,1\n2,3.5,2\n3,6,1\n");
  weighted.data.target = "y";
  weighted.data.weight = "w";
  weighted.out = folder.path("weighted");
  const auto a = fitted(weighted);
  Config twice = regression(folder, "x,y\n1,2\n2,3.5\n2,3.5\n3,6\n");
  twice.train.batch_size = 4;
  const auto b = fitted(twice);
  EXPECT_NEAR(a[0].values[0], b[0].values[0], 1e-4);
  EXPECT_NEAR(a[1].values[0], b[1].values[0], 1e-4);
}

TEST(KnownAnswers, TheMedianMinimisesTheAbsoluteLossAndTheQuantileItsOwn) {
  const TemporaryFolder folder;
  std::string csv = "x,y\n";
  for (int y = 1; y <= 9; ++y) csv += "0," + std::to_string(y * y) + "\n";
  Config config = regression(folder, csv);
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 2;
  config.schedule.name = ScheduleKind::inverse_time;
  config.schedule.decay = 0.05;
  config.train.batch_size = 9;
  config.model.loss = Loss::absolute;
  EXPECT_NEAR(fitted(config)[1].values[0], 25, 0.2);
  config.model.loss = Loss::quantile;
  config.model.quantile = 0.75;
  config.optimizer.lr = 10;
  config.out = folder.path("quantile");
  EXPECT_NEAR(fitted(config)[1].values[0], 49, 0.5);
}

TEST(KnownAnswers, PoissonFindsTheLogarithmOfTheMeanRate) {
  const TemporaryFolder folder;
  Config config = regression(folder, "x,y\n0,1\n0,2\n0,6\n");
  config.model.loss = Loss::poisson;
  EXPECT_NEAR(fitted(config)[1].values[0], std::log(3.0), 1e-4);
}

}  // namespace
}  // namespace thalweg::test
