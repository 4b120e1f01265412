// What the program says of a run beside its numbers, on stderr and in JSON, and what evaluate and predict say
// of theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/cli/cli.hpp"
#include "host/cli/run_paths.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

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

TEST_F(RunReport, AnOrderByBlocksIsSaid) {
  const Said said =
      train({"--data.order=blocks", "--data.block_bytes=48", "--data.window_bytes=960", "--json"});
  EXPECT_THAT(said.err, HasSubstr("\norder: blocks of 4 rows, windows of 2 blocks\n"))
      << "a row has 12 bytes";
  EXPECT_EQ(nlohmann::json::parse(said.out)["data"]["order"],
            nlohmann::json::parse(R"({"block_rows": 4, "window_blocks": 2})"));
}

TEST_F(RunReport, FoldsAreOneReport) {
  const auto report = nlohmann::json::parse(train({"--data.folds=3", "--json"}).out);
  ASSERT_EQ(report["folds"].size(), 3u);
  double sum = 0;
  for (const auto& fold : report["folds"]) sum += fold["validation.accuracy"].get<double>();
  EXPECT_NEAR(report["validation.accuracy.mean"], sum / 3, 1e-15);
  EXPECT_EQ(report.count("parameters.xxh3"), 0u) << "no model is of all rows";
  EXPECT_EQ(report["steps"], 9);
  const auto two =
      nlohmann::json::parse(train({"--data.folds=2", "--json", "--checkpoint.resume=never"}).out);
  const double first = two["folds"][0]["validation.loss"], second = two["folds"][1]["validation.loss"];
  ASSERT_NE(first, second);
  EXPECT_NEAR(two["validation.loss.deviation"], std::abs(first - second) / 2, 1e-15);
  const std::string text = train({"--data.folds=3", "--checkpoint.resume=never"}).out;
  EXPECT_THAT(text, HasSubstr("validation over 3 folds\n  loss "));
  EXPECT_THAT(text, Not(HasSubstr("parameters.xxh3")));
}

TEST_F(RunReport, FoldsSayOnceWhatTheyReadAndChose) {
  const std::string said = train({"--data.folds=3"}).err;
  const auto times = [&](const std::string& words) {
    int count = 0;
    for (std::size_t at = said.find(words); at != std::string::npos; at = said.find(words, at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(times("data: data.csv"), 1) << said;
  EXPECT_EQ(times("task: to predict"), 1);
  EXPECT_EQ(times("device: "), 1);
  EXPECT_EQ(times("rows: 40 to train on"), 1);
  EXPECT_EQ(times("fold 1 of 3"), 1);
  EXPECT_EQ(times("fold 3 of 3"), 1);
  const std::string ended = train({"--data.folds=3", "--train.patience=5", "--checkpoint.resume=never"}).err;
  const std::string best = "the model is that of step 3, the best on the validation rows";
  EXPECT_NE(ended.find(best, ended.find("fold 2 of 3")), std::string::npos) << "of each fold" << ended;
}

TEST_F(RunReport, AMetricThatAFoldDoesNotDefineIsNamed) {
  folder_.write("rare.csv", "x,y\n1,no\n2,no\n3,no\n4,no\n5,no\n6,yes\n");
  const std::vector<std::string> rare{"train", "--quiet", "--data.train=rare.csv", "--data.folds=3",
                                      "--train.epochs=1"};
  std::vector<std::string> as_json = rare;
  as_json.push_back("--json");
  const auto report = nlohmann::json::parse(run(as_json).out);
  EXPECT_TRUE(report["validation.auc.mean"].is_null());
  const std::string why = report["validation.undefined"]["auc"];
  EXPECT_THAT(why, testing::ContainsRegex("in fold [123] of 3, .*class"));
  EXPECT_THAT(run(rare).out, HasSubstr("  auc                 undefined " + why + "\n"));
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

TEST_F(RunReport, WhatIsGivenStandsInTheConfigOfTheRunAsItIs) {
  run({"train", "--quiet", "--data.train=data.csv", "--data.weight=w", "--train.epochs=1", "--out=run",
       "--data.standardize_target=true", "--train.micro_batch=512"});
  Config config;
  read_config_file("run/config.toml", config);
  EXPECT_EQ(config.data.standardize_target, Tristate::yes) << "though the targets are classes";
  EXPECT_EQ(config.train.micro_batch, 512) << "though the batch is smaller";
  EXPECT_EQ(config.train.batch_size, 4) << "of 60 rows by rule";
  train({"--checkpoint.resume=never"});
  read_config_file("run/config.toml", config);
  EXPECT_EQ(config.data.standardize_target, Tristate::no) << "by rule";
}

TEST_F(RunReport, AColumnIsNoFileWhateverFilesThereAre) {
  folder_.write("kind", "not a target");
  folder_.write("w", "not a weight");
  train({"--data.validation_fraction=0.2"});
  const std::string here = run({"evaluate", "run", "--rows=validation"}).out;
  std::filesystem::create_directory("elsewhere");
  std::filesystem::current_path("elsewhere");
  EXPECT_EQ(run({"evaluate", "../run", "--rows=validation"}).out, here);
}

TEST_F(RunReport, WhatMayBeAFileIsFoundByFormatAndName) {
  for (const char* name : {"y", "y.txt"}) folder_.write(name, "1\n");
  std::filesystem::create_directory("elsewhere");
  std::filesystem::current_path("elsewhere");
  const auto found = [&](DataFormat format, const std::string& train, const std::string& target) {
    Config config;
    config.out = "run";
    config.data.format = format;
    config.data.train = train;
    config.data.target = target;
    cli::find_data_of_run("../run", config);
    return config.data.target == folder_.path(target);
  };
  for (const char* train : {"d.npy", "D.SVM.gz", "d.libsvm", "d.vw", "t10k-images-idx3-ubyte.gz"})
    EXPECT_TRUE(found(DataFormat::automatic, train, "y")) << train;
  for (const char* train : {"d.csv", "d.csv.gz", "d.tsv"}) {
    EXPECT_FALSE(found(DataFormat::automatic, train, "y")) << train;
    EXPECT_FALSE(found(DataFormat::automatic, train, "y.txt")) << train;
  }
  for (const char* train : {"a9a", "d.npz"}) {
    EXPECT_FALSE(found(DataFormat::automatic, train, "y")) << train;
    EXPECT_TRUE(found(DataFormat::automatic, train, "y.txt")) << train;
  }
  EXPECT_TRUE(found(DataFormat::libsvm, "d.csv", "y"));
  EXPECT_TRUE(found(DataFormat::npy, "d", "y"));
  EXPECT_TRUE(found(DataFormat::idx, "d", "y"));
  EXPECT_FALSE(found(DataFormat::csv, "d.npy", "y.txt"));
  EXPECT_FALSE(found(DataFormat::tsv, "d.npy", "y.txt"));
  EXPECT_FALSE(found(DataFormat::npz, "d.npy", "y"));
}

TEST_F(RunReport, FilesOfTargetsAndWeightsAreFoundFromAnotherFolder) {
  folder_.write("rows.svm", "1 1:1\n0 1:2\n1 1:3\n0 1:5\n");
  folder_.write("weights", "1\n2\n3\n4\n");
  folder_.write("labels", "1\n0\n0\n1\n");
  run({"train", "--quiet", "--out=run", "--data.train=rows.svm", "--data.weight=weights",
       "--data.target=labels", "--train.epochs=2"});
  const std::string here = run({"inspect", "run", "--standard-errors"}).out;
  std::filesystem::create_directory("elsewhere");
  std::filesystem::current_path("elsewhere");
  EXPECT_EQ(run({"inspect", "../run", "--standard-errors"}).out, here);
}

TEST_F(RunReport, SettingsOfTrainingAreNamedWhereAModelIsUsed) {
  train();
  const Said said =
      run({"predict", "run", "--data.test=data.csv", "--data.impute=mean", "--learning_rate=1"});
  EXPECT_THAT(said.err, HasSubstr("data.impute has no effect on a trained model; only training reads it\n"));
  EXPECT_THAT(said.err, HasSubstr("optimizer.lr has no effect"));
  EXPECT_THAT(said.err, Not(HasSubstr("data.test has")));
  const Said table = run({"predict", "run", "--data.test=data.csv", "--data.hash_bits=20",
                          "--data.crosses=kind*kind", "--data.categorical=size"});
  for (const char* key : {"hash_bits", "crosses", "categorical"})
    EXPECT_THAT(table.err, HasSubstr("data." + std::string(key) + " has no effect on a trained model"));
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
