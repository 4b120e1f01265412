// What the program says of a run beside its numbers, on stderr and in JSON, and what evaluate and predict say
// of theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Said {
  std::string out, err;
};

Said run(const std::vector<std::string>& arguments, int code = 0) {
  std::ostringstream out, err;
  EXPECT_EQ(cli::run(arguments, {out, err}), code) << err.str();
  return {out.str(), err.str()};
}

/// Calls the program from a folder of its own, which is then the current one.
class RunReport : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::current_path(folder_.path());
    std::string csv = "size,color,w,kind\n";
    for (int i = 0; i < 60; ++i)
      csv += std::to_string(i) + (i % 2 == 0 ? ",red," : ",blue,") + (i % 3 == 0 ? "2," : "1,") +
             (i < 30 ? "small\n" : "big\n");
    folder_.write("data.csv", csv);
  }
  void TearDown() override { std::filesystem::current_path(before_); }

  static Said train(std::vector<std::string> settings = {}) {
    settings.insert(settings.begin(), {"train", "--data.train=data.csv", "--data.weight=w",
                                       "--train.epochs=3", "--train.batch_size=256", "--out=run"});
    return run(settings);
  }

  std::filesystem::path before_ = std::filesystem::current_path();
  TemporaryFolder folder_;
};

TEST_F(RunReport, ARunSaysWhatItReadUnlessItIsToBeQuiet) {
  const std::string said = train({"--data.validation_fraction=0.2"}).err;
  EXPECT_THAT(said,
              HasSubstr("data: data.csv, 60 rows, 2 features as 3 inputs; target kind\n"
                        "text columns: color (2 values)\n"
                        "rows: 48 to train on; 12 to validate, every class by its share\n"
                        "task: to predict 2 classes (big, small); loss logistic, because the targets are two "
                        "classes\n"
                        "weights: w (data.weight)\n"));
  EXPECT_EQ(train({"--data.validation_fraction=0.2", "--quiet"}).err, "");
}

TEST_F(RunReport, JsonHoldsTheSame) {
  const auto report = nlohmann::json::parse(train({"--data.validation_fraction=0.2", "--json"}).out);
  EXPECT_EQ(report["data"],
            nlohmann::json::parse(R"({"source": "data.csv", "rows": 60, "columns": 2, "features": 3,
    "target": "kind", "text_columns": {"color": 2}, "missing_filled": 0, "train_rows": 48, "validation_rows": 12,
    "test_rows": 0, "stratified": true, "weight": "w", "class_weight": "none"})"));
  EXPECT_EQ(report["task"], nlohmann::json::parse(R"({"predicts": "class", "classes": ["big", "small"],
    "loss": "logistic", "loss_chosen_by": "targets"})"));
  EXPECT_EQ(report["best.step"], report["best.epoch"]) << "an epoch is a step";
  EXPECT_EQ(report["best.step"], 3);
  EXPECT_EQ(report["best.is_model"], true) << "the last epoch is the best";
}

TEST_F(RunReport, FoldsAreOneReport) {
  const auto report = nlohmann::json::parse(train({"--data.folds=3", "--json"}).out);
  ASSERT_EQ(report["folds"].size(), 3u);
  double sum = 0;
  for (const auto& fold : report["folds"]) sum += fold["validation.accuracy"].get<double>();
  EXPECT_NEAR(report["validation.accuracy.mean"], sum / 3, 1e-15);
  EXPECT_EQ(report.count("parameters.xxh3"), 0u) << "no model is of all rows";
  EXPECT_EQ(report["steps"], 9);
  const std::string text = train({"--data.folds=3"}).out;
  EXPECT_THAT(text, HasSubstr("validation over 3 folds\n  loss "));
  EXPECT_THAT(text, Not(HasSubstr("parameters.xxh3")));
}

TEST_F(RunReport, TheDataOfARunAreFoundFromAnotherFolder) {
  folder_.write("test.csv", "size,color,w,kind\n1,red,1,small\n50,blue,1,big\n");
  train({"--data.test=test.csv"});
  const std::string here = run({"evaluate", "run"}).out;
  std::filesystem::create_directory("elsewhere");
  std::filesystem::current_path("elsewhere");
  EXPECT_EQ(run({"evaluate", "../run"}).out, here);
  EXPECT_EQ(run({"evaluate", folder_.path("run/checkpoints/step-000000003")}).out, here);
  std::filesystem::rename("../run", "../moved");
  EXPECT_THAT(
      run({"evaluate", "../moved"}, 66).err,
      HasSubstr("test.csv: no such file; the run's config names it, from where the run was started; give "
                "--data.test=FILE"));
  EXPECT_THAT(run({"evaluate", "../moved", "--data.test=none.csv"}, 66).err, Not(HasSubstr("config names")));
}

TEST_F(RunReport, SettingsOfTrainingAreNamedWhereAModelIsUsed) {
  train();
  const Said said =
      run({"predict", "run", "--data.test=data.csv", "--data.impute=mean", "--learning_rate=1"});
  EXPECT_THAT(said.err, HasSubstr("data.impute has no effect on a trained model; only training reads it\n"));
  EXPECT_THAT(said.err, HasSubstr("optimizer.lr has no effect"));
  EXPECT_THAT(said.err, Not(HasSubstr("data.test has")));
  EXPECT_EQ(run({"predict", "run", "--data.test=data.csv", "--data.impute=mean", "--quiet"}).err, "");
}

TEST_F(RunReport, WhatIsLeftOutOfTestDataIsSaid) {
  train();
  folder_.write("test.csv", "size,color,kind\n1,green,small\n50,blue,big\n");
  const Said said = run({"evaluate", "run", "--data.test=test.csv"});
  EXPECT_THAT(said.err, HasSubstr("test.csv has no column \"w\" (data.weight): every row has weight 1\n"));
  EXPECT_THAT(said.err,
              HasSubstr("test.csv: 1 cell with a category that training did not have, as \"green\""));
  EXPECT_THAT(run({"evaluate", "run", "--data.test=test.csv", "--data.unseen=error"}, 65).err,
              HasSubstr("test.csv line 2, column \"color\" (1): \"green\" was not seen in training"));
}

}  // namespace
}  // namespace thalweg::test
