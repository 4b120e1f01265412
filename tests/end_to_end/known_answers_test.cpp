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
  config.checkpoint.resume = "never";
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

/// What a constant model, a bias alone, is fitted to in `steps` steps.
float fitted_bias(Config config, std::int64_t batch, std::int64_t steps) {
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.02;
  config.optimizer.average = Averaging::polyak;
  config.optimizer.average_from = steps / 3;
  config.train.batch_size = batch;
  config.train.epochs = steps;
  config.train.max_steps = steps;
  return fitted(config)[1].values[0];
}

TEST(KnownAnswers, SampleWeightsGiveTheWeightedMeanAtAnyBatchSize) {
  const TemporaryFolder folder;
  for (const int unit : {1, 1000}) {
    std::string csv = "x,y,w\n";
    for (int row = 0; row < 200; ++row)
      csv += row % 2 == 0 ? "0,0," + std::to_string(unit) + "\n" : "0,1," + std::to_string(9 * unit) + "\n";
    Config config = regression(folder, csv);
    config.data.target = "y";
    config.data.weight = "w";
    for (const std::int64_t batch : {1, 8, 32, 256})
      EXPECT_NEAR(fitted_bias(config, batch, 6000), 0.9, 0.02 * 0.9) << batch << " weights of " << unit;
  }
}

TEST(KnownAnswers, BalancedClassesAreEquallyLikelyAtAnyBatchSize) {
  const TemporaryFolder folder;
  std::string csv = "x,y\n";
  for (int row = 0; row < 200; ++row) csv += row % 20 == 7 ? "0,yes\n" : "0,no\n";
  Config config = regression(folder, csv);
  config.model.loss = Loss::logistic;
  config.data.class_weight = "balanced";
  for (const std::int64_t batch : {1, 8, 32, 256}) {
    const double p = 1 / (1 + std::exp(-fitted_bias(config, batch, 12000)));
    EXPECT_NEAR(p, 0.5, 0.02 * 0.5) << batch;
  }
}

TEST(KnownAnswers, ClippingBoundsTheWeightedGradientWhateverTheUnitOfTheWeights) {
  // One step at rate 1 from 0 on residuals -4 and -1/4: the weights 1 and 1 give 1 and 1/4, half of their sum
  // is 0.625.
  const TemporaryFolder folder;
  for (const char* weight : {"1", "3", "1000"}) {
    Config config = regression(folder, std::string("x,y,w\n0,4,") + weight + "\n0,0.25," + weight + "\n");
    config.data.target = "y";
    config.data.weight = "w";
    config.optimizer.name = Rule::sgd;
    config.optimizer.lr = 1;
    config.train.batch_size = 2;
    config.train.epochs = 1;
    config.per_sample.clip_norm = 1;
    config.model.bias_init = BiasInit::zero;
    EXPECT_NEAR(fitted(config)[1].values[0], 0.625, 1e-6) << weight;
  }
}

TEST(KnownAnswers, L1OfTheDefaultRuleAndOfMomentumIsTheLasso) {
  // half the rows at x = 1, y = 2: the share 1/2 of (w - 2)^2 / 2 + l1 |w| is least at 2 - 2 l1
  const TemporaryFolder folder;
  Config config = regression(folder, "0,0\n1,2\n0,0\n1,2\n0,0\n1,2\n0,0\n1,2\n");
  config.data.header = Header::no;
  config.model.bias = false;
  config.optimizer.l1 = 0.2;
  config.optimizer.lr = 0.02;
  config.schedule.name = ScheduleKind::cosine;
  for (const Rule rule : {OptimizerConfig{}.name, Rule::momentum, Rule::sgd}) {
    config.optimizer.name = rule;
    EXPECT_NEAR(fitted(config)[0].values[0], 1.6, 0.016) << name_of(rule);
  }
}

/// Rows of one feature each, of value 1: those of feature j are `counts[j]` of 200, and their target is 2.
std::string one_feature_rows(const std::vector<int>& counts) {
  std::string rows;
  for (std::size_t j = 0; j < counts.size(); ++j)
    for (int n = 0; n < counts[j]; ++n) rows += "2 " + std::to_string(j + 1) + ":1\n";
  return rows;
}

TEST(KnownAnswers, RegularisationOfSparseDataIsThatOfEachStepNotOfEachOccurrence) {
  // share (w - 2)^2 / 2 + l2 w^2 / 2 is least at 2 share / (share + l2), with l1 |w| at 2 - l1 / share
  const TemporaryFolder folder;
  const std::vector<int> counts{100, 60, 30, 10};
  Config config = regression(folder, "");
  config.data.train = folder.write("data.svm", one_feature_rows(counts));
  config.model.bias = false;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.5;
  config.schedule.name = ScheduleKind::cosine;
  for (const std::int64_t batch : {4, 20}) {
    config.train.batch_size = batch;
    config.train.epochs = 40 * batch;
    config.optimizer.l1 = 0, config.optimizer.l2 = 0.05;
    const auto ridge = fitted(config)[0].values;
    config.optimizer.l1 = 0.04, config.optimizer.l2 = 0;
    const auto lasso = fitted(config)[0].values;
    for (std::size_t j = 0; j < counts.size(); ++j) {
      const double share = counts[j] / 200.0, want = 2 * share / (share + 0.05), sparse = 2 - 0.04 / share;
      EXPECT_NEAR(ridge[j], want, 0.01 * want) << "ridge, feature " << j << ", batch " << batch;
      EXPECT_NEAR(lasso[j], sparse, 0.01 * sparse) << "lasso, feature " << j << ", batch " << batch;
    }
  }
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
