// The text of predictions: the header for every kind of model, and names that a CSV file has to quote.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

class PredictCsv : public testing::Test {
 protected:
  static std::string output_of(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
    return out.str();
  }

  /// Predictions for x = -1 and x = 1 of a model that has learnt the rows of `csv`.
  std::string predictions(const std::string& csv, const std::string& loss) {
    const std::string run = folder_.path(loss);
    output_of({"train", "--quiet", "--data.train=" + folder_.write("train.csv", csv), "--out=" + run,
               "--model.loss=" + loss, "--optimizer.lr=0.5", "--train.epochs=20", "--data.standardize=false",
               "--checkpoint.resume=never"});
    return output_of({"predict", run, "--data.test=" + folder_.write("new.csv", "x\n-1\n1\n")});
  }
  static std::string header_of(const std::string& csv) { return csv.substr(0, csv.find('\n') + 1); }

  const std::string two_ = "x,y\n-1,no\n1,yes\n", three_ = "x,y\n-1,a\n0,b\n1,c\n";
  TemporaryFolder folder_;
};

TEST_F(PredictCsv, NumbersStandAloneUnderTheirName) {
  const std::string csv = predictions("x,y\n-1,5\n1,5\n", "absolute");
  EXPECT_EQ(header_of(csv), "prediction\n");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), ','), 0);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
}

TEST_F(PredictCsv, ATildeAtTheBeginOfAPathIsTheHomeFolder) {
  predictions("x,y\n-1,5\n1,5\n", "absolute");
  const char* const home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  setenv("HOME", folder_.path("").c_str(), 1);
  output_of({"predict", folder_.path("absolute"), "--data.test=~/new.csv", "--output=~/p.csv"});
  setenv("HOME", before.c_str(), 1);
  EXPECT_TRUE(std::filesystem::exists(folder_.path("p.csv")));
}

TEST_F(PredictCsv, TwoClassesHaveAProbabilityEachAndOneScoreWhichIsThatOfTheSecond) {
  EXPECT_EQ(header_of(predictions(two_, "logistic")), "class,probability no,probability yes\n");
  for (const char* loss : {"hinge", "squared_hinge"}) {
    std::istringstream lines(predictions(two_, loss));
    std::string header, low, high;
    std::getline(lines, header), std::getline(lines, low), std::getline(lines, high);
    EXPECT_EQ(header, "class,score yes") << loss;
    EXPECT_EQ(low.substr(0, 4), "no,-") << loss;
    EXPECT_EQ(high.substr(0, 4), "yes,") << loss;
    EXPECT_GT(std::stod(high.substr(4)), 0) << loss;
  }
}

TEST_F(PredictCsv, ThreeClassesHaveAProbabilityOrAScoreEach) {
  EXPECT_EQ(header_of(predictions(three_, "softmax_cross_entropy")),
            "class,probability a,probability b,probability c\n");
  EXPECT_EQ(header_of(predictions(three_, "hinge")), "class,score a,score b,score c\n");
}

TEST_F(PredictCsv, ProbabilitiesStandBetweenCommasAndAddUpToOne) {
  std::istringstream lines(predictions(three_, "softmax_cross_entropy"));
  std::string line, cell;
  std::getline(lines, line);
  for (const char* wanted : {"a", "c"}) {
    std::getline(lines, line);
    std::istringstream cells(line);
    std::getline(cells, cell, ',');
    EXPECT_EQ(cell, wanted);
    float sum = 0;
    for (int k = 0; k < 3; ++k) {
      ASSERT_TRUE(std::getline(cells, cell, ',')) << line;
      sum += std::stof(cell);
    }
    EXPECT_FALSE(std::getline(cells, cell, ',')) << line;
    EXPECT_NEAR(sum, 1, 0x1p-20) << line;  // a few roundings of 2^-24
  }
}

TEST_F(PredictCsv, AClassIsQuotedWhereItHoldsACommaAQuoteOrALineBreak) {
  const std::pair<const char*, const char*> names[] = {
      {"\"a\nb\"", "\"a\nb\""},     {"\"a\rb\"", "\"a\rb\""}, {"\"a,b\"", "\"a,b\""},
      {"\"a\"\"b\"", "\"a\"\"b\""}, {"a;b c", "a;b c"},
  };
  for (const auto& [in_file, shown] : names) {
    const std::string csv = predictions("x,y\n-1," + std::string(in_file) + "\n1,zz\n", "logistic"),
                      name = shown;
    EXPECT_NE(csv.find("\n" + name + ","), std::string::npos) << csv;
    const std::string in_header = name[0] == '"' ? "\"probability " + name.substr(1) : "probability " + name;
    EXPECT_EQ(csv.find("class," + in_header + ",probability zz\n"), 0u) << csv;
  }
}

}  // namespace
}  // namespace thalweg::test
