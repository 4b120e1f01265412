// What a user reaches on real data with the documented settings (README.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

TEST(RealData, LogisticRegressionOnA9a) {
  Config config;
  config.data.train = data_file("a9a");
  config.data.test = data_file("a9a.t");
  config.model.loss = Loss::logistic;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 1;
  config.schedule.name = ScheduleKind::cosine;
  config.train.epochs = 30;
  const Metrics test = *train(config).test;
  EXPECT_LE(test["log_loss"], 0.3245);
  EXPECT_GE(test["auc"], 0.902);
}

/// Mean log_loss on the test data over five seeds.
double mean_loss(Config config) {
  double sum = 0;
  for (config.seed = 1; config.seed <= 5; ++config.seed) sum += (*train(config).test)["log_loss"];
  return sum / 5;
}

/// All rows of one class, then all of the other: the worst file for an order by blocks (docs/numerics.md).
TEST(RealData, AnOrderByBlocksOfSortedRowsIsAsGoodAsOneOfAllRows) {
  std::vector<std::string> rows;
  std::ifstream file(data_file("a9a"));
  for (std::string row; std::getline(file, row);) rows.push_back(row + "\n");
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  std::string text;
  for (const std::string& row : rows) text += row;
  const TemporaryFolder folder;
  Config config;
  config.data.train = folder.write("sorted", text);
  config.data.test = data_file("a9a.t");
  config.model.loss = Loss::logistic;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.5;
  config.train.epochs = 3;
  config.train.batch_size = 128;
  const double loss = mean_loss(config);
  config.data.order = RowOrder::blocks;
  config.data.block_bytes = 8 * 120;  // 8 rows
  config.data.window_bytes = std::ssize(rows) * 120 * 3 / 100;
  EXPECT_NEAR(mean_loss(config), loss, 0.002);
}

Config housing() {
  Config config;
  config.seed = 2;
  config.data.train = data_file("california_housing.csv");
  config.data.target = "median_house_value";
  config.data.impute = Imputation::median;
  config.data.validation_fraction = 0.2;
  config.data.standardize_target = Tristate::yes;
  config.schedule.name = ScheduleKind::cosine;
  config.optimizer.name = Rule::adam;
  return config;
}

TEST(RealData, LinearRegressionOnHousing) {
  Config config = housing();
  config.optimizer.lr = 0.01;
  config.train.epochs = 30;
  EXPECT_GE((*train(config).validation)["r2"], 0.63);
}

TEST(RealData, MlpOnHousing) {
  Config config = housing();
  config.model.hidden = {128, 64};
  config.model.activation = Activation::gelu;
  config.optimizer.lr = 0.005;
  config.train.epochs = 80;
  EXPECT_GE((*train(config).validation)["r2"], 0.80);
}

Config mnist() {
  Config config;
  config.data.train = data_file("mnist10k-images-idx3-ubyte.gz");
  config.data.target = data_file("mnist10k-labels-idx1-ubyte.gz");
  config.data.train_rows = "0:8000";
  config.data.test_rows = "8000:10000";
  return config;
}

TEST(RealData, SoftmaxRegressionOnMnist) {
  Config config = mnist();
  config.optimizer.name = Rule::adam;
  config.optimizer.lr = 0.005;
  config.schedule.name = ScheduleKind::cosine;
  config.train.epochs = 20;
  EXPECT_GE((*train(config).test)["accuracy"], 0.930);
}

TEST(RealData, MlpOnMnist) {
  Config config = mnist();
  config.model.hidden = {256, 128};
  config.model.dropout = 0.2;
  config.schedule.name = ScheduleKind::cosine;
  config.optimizer.lr = 0.002;
  config.train.epochs = 20;
  config.train.batch_size = 128;
  EXPECT_GE((*train(config).test)["accuracy"], 0.965);
}

// Nothing is set but the data: at least 97 % of scikit-learn's scores (Ridge, LogisticRegression on
// standardised features; ./run defaults has more data sets).

TEST(RealData, DefaultsReachRidgeOnHousing) {
  Config config;
  config.data.train = data_file("california_housing.csv");
  config.data.target = "median_house_value";
  config.data.impute = Imputation::median;
  config.data.train_rows = "0:16000";
  config.data.test_rows = "16000:20640";
  EXPECT_GE((*train(config).test)["r2"], 0.97 * 0.6970);
}

TEST(RealData, DefaultsReachLogisticRegressionOnA9a) {
  Config config;
  config.data.train = data_file("a9a");
  config.data.test = data_file("a9a.t");
  EXPECT_GE((*train(config).test)["auc"], 0.97 * 0.9022);
}

TEST(RealData, DefaultsReachSoftmaxRegressionOnMnist) {
  EXPECT_GE((*train(mnist()).test)["accuracy"], 0.97 * 0.9345);
}

}  // namespace
}  // namespace thalweg::test
