// The numbers of a file make the model, not the format that they are written in nor their offset.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

class SameData : public testing::Test {
 protected:
  static Config config(const std::string& file) {
    Config config;
    config.data.train = config.data.test = file;
    config.optimizer.name = Rule::sgd;
    config.optimizer.lr = 0.05;
    config.train.batch_size = 20;
    config.train.epochs = 60;
    return config;
  }
  /// R2 of y = value of the row / 10 against the column `first + step * row`.
  double r2_of_column(double first, double step) {
    std::string text = "x,y\n";
    for (int i = 0; i < 400; ++i) {
      std::ostringstream row;
      row.precision(17);
      row << first + step * i << "," << i / 10.0 << "\n";
      text += row.str();
    }
    Config c = config(folder_.write("d.csv", text));
    c.data.standardize_target = Tristate::yes;
    return (*train(c).test)["r2"];
  }
  TemporaryFolder folder_;
};

TEST_F(SameData, ATableHasTheSameTaskAndBitsInEveryFormat) {
  std::string csv = "a,b,y\n", tsv = "a\tb\ty\n", svm;
  std::vector<float> x;
  std::vector<std::int64_t> y;
  for (int i = 0; i < 200; ++i) {
    const float a = static_cast<float>(i % 17) / 4 - 2.125F, b = static_cast<float>(i % 23) / 8 - 1.4375F;
    const std::string first = std::to_string(a), second = std::to_string(b);
    const int label = a + b > 0 ? 1 : -1;
    csv += first + "," + second + "," + std::to_string(label) + "\n";
    tsv += first + "\t" + second + "\t" + std::to_string(label) + "\n";
    svm += std::to_string(label) + " 1:" + first + " 2:" + second + "\n";
    x.insert(x.end(), {a, b});
    y.push_back(label);
  }
  Config array = config(folder_.write("x.npy", npy("<f4", "(200, 2)", x)));
  array.data.target = array.data.test_target = folder_.write("y.npy", npy("<i8", "(200,)", y));
  std::vector<Config> configs{config(folder_.write("d.csv", csv)), config(folder_.write("d.tsv", tsv)),
                              config(folder_.write("d.svm", svm)), array};
  std::string bits;
  for (Config& c : configs) {
    c.data.standardize = Tristate::no;
    c.optimizer.lazy = Tristate::no;
    const TrainReport report = train(c);
    EXPECT_GT((*report.test)["accuracy"], 0.95) << c.data.train;
    if (bits.empty()) bits = report.parameters_xxh3;
    EXPECT_EQ(report.parameters_xxh3, bits) << c.data.train;
  }
}

TEST_F(SameData, TimeStampsAndDatesExplainWhatTheirStepsExplain) {
  EXPECT_GT(r2_of_column(1.6e9, 1), 0.999);
  EXPECT_GT(r2_of_column(1.6e12, 1), 0.999);
  EXPECT_GT(r2_of_column(1e6, 0.001), 0.999);
  EXPECT_GT(r2_of_column(202401010000, 1), 0.999);

  std::string text = "date,y\n";
  for (int i = 0; i < 50; ++i) text += "20240103,no\n20240104,yes\n";
  EXPECT_EQ((*train(config(folder_.write("d.csv", text))).test)["accuracy"], 1.0);
}

TEST_F(SameData, ATargetWithAnOffsetIsPredictedToItsLastDigits) {
  std::string text = "x,y\n";
  for (int i = 0; i < 400; ++i) text += std::to_string(i) + "," + std::to_string(1000000000 + i) + ".5\n";
  Config c = config(folder_.write("d.csv", text));
  c.data.standardize_target = Tristate::yes;
  c.out = folder_.path("run");
  const TrainReport report = train(c);
  EXPECT_GT((*report.test)["r2"], 0.999);
  EXPECT_LT((*report.test)["rmse"], 0.1);

  std::ostringstream out, err;
  ASSERT_EQ(cli::run({"predict", c.out, "--data.test=" + folder_.write("t.csv", "x\n7\n")}, {out, err}), 0)
      << err.str();
  EXPECT_NEAR(std::stod(out.str().substr(out.str().find('\n') + 1)), 1000000007.5, 0.1);
}

}  // namespace
}  // namespace thalweg::test
