// The data of a run and what is said of them: the summary, a validation file, folds, and the data of
// model.init.
#include "host/run/run_data.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <set>

#include "host/model/objective.hpp"
#include "host/run/run_summary.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/prepare.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;

/// The model w x without a bias, one step an epoch: plain gradient descent.
class RunDataTest : public DataFiles {
 protected:
  Config run_of(const std::string& rows) const {
    Config c;
    c.device = "cpu";
    c.data = config(write("rows.csv", rows));
    c.data.standardize_target = Tristate::no;
    c.model.bias = false;
    c.optimizer.name = Rule::sgd;
    c.optimizer.lr = 0.5;
    c.train.epochs = 1;
    c.train.threads = 1;
    return c;
  }

  std::vector<std::string> said_of(const Config& config) {
    const RunData data = read_run_data(config, {});
    const ModelSpec spec = resolve_model(model_config(config, data), schema_of(data.train), 1);
    return summary_lines(summarize(config, data, spec));
  }

  TrainReport run(const Config& config) {
    TrainObserver observer;
    observer.message = [this](const std::string& text) { messages_ += text + "\n"; };
    return train(config, observer);
  }

  static float weight_of(const std::string& folder) {
    return Model::load(Context({.device = "cpu", .threads = 1}), folder).parameters()[0].values[0];
  }

  std::string messages_;
};

TEST_F(RunDataTest, ASummarySaysWhatWasReadAndWhatWasChosen) {
  Config c = run_of(
      "city,age,w,y\nx,1,1,no\nz,,1,yes\nx,3,2,no\nz,4,1,yes\nx,5,1,no\nz,6,1,yes\nx,7,1,no\nx,8,1,yes\n");
  c.data.target = "y";
  c.data.weight = "w";
  c.data.impute = Imputation::mean;
  c.data.class_weight = "balanced";
  c.data.validation_fraction = 0.25;
  c.data.test = write("test.csv", "city,age,w,y\nx,1,1,no\nx,2,1,no\n");
  EXPECT_THAT(
      said_of(c),
      ElementsAre("data: " + c.data.train + ", 8 rows, 2 features as 3 inputs; target y",
                  "text columns: city (2 values)", "missing: 1 cell filled (data.impute = mean)",
                  "rows: 6 to train on; 2 to validate, every class by its share; 2 to test of " + c.data.test,
                  "task: to predict 2 classes (no, yes); loss logistic, because the targets are two classes",
                  "weights: w (data.weight), by class balanced"));
}

TEST_F(RunDataTest, ASummaryOfPlainNumbersIsTwoLines) {
  Config c = run_of("x,y\n1,1.5\n2,2\n");
  EXPECT_THAT(said_of(c),
              ElementsAre("data: " + c.data.train + ", 2 rows, 1 feature; target y",
                          "task: to predict a number; loss squared, because the targets are numbers"));
  c.model.loss = Loss::huber;
  EXPECT_EQ(said_of(c).back(), "task: to predict a number; loss huber, as model.loss says");
}

TEST_F(RunDataTest, ASummarySaysTheOrderByBlocks) {
  Config c = run_of("x,y\n1,1.5\n2,2\n3,2\n");
  c.data.order = RowOrder::blocks;
  EXPECT_THAT(said_of(c),
              ElementsAre(HasSubstr("3 rows"), "order: blocks of 32768 rows, windows of 128 blocks",
                          HasSubstr("task: ")));
  c.data.block_bytes = 4;
  c.data.window_bytes = 32;
  EXPECT_EQ(said_of(c)[1], "order: blocks of 1 row, windows of 1 block");
  const TrainReport report = run(c);
  EXPECT_EQ(report.summary.block_rows, 1);
  EXPECT_EQ(report.summary.window_blocks, 1);
  c.data.order = RowOrder::rows;
  EXPECT_EQ(said_of(c).size(), 2u);
  EXPECT_EQ(run(c).summary.block_rows, 0);
}

TEST_F(RunDataTest, ASummaryNamesEightClassesAndTheNumberOfTheOthers) {
  std::string rows = "x,y\n";
  for (const char label : std::string("abcdefghij")) rows += std::string("1,") + label + "\n";
  EXPECT_THAT(said_of(run_of(rows)).back(), HasSubstr("10 classes (a, b, c, d, e, f, g, h and 2 more)"));
}

TEST_F(RunDataTest, AValidationFileIsMeasuredByTheSchemaOfTheTrainingData) {
  Config c = run_of("x,y\n1,1\n1,1\n");
  c.data.validation = write("valid.csv", "y,x\n3,1\n3,1\n3,1\n");  // the columns in another order
  const TrainReport report = run(c);
  EXPECT_EQ(report.summary.train_rows, 2) << "none is held out";
  EXPECT_EQ(report.summary.validation_rows, 3);
  EXPECT_DOUBLE_EQ(report.validation.value()["loss"], 3.125) << "(1/2 - 3)^2 / 2 after one step";
  EXPECT_THAT(messages_, HasSubstr("rows: 2 to train on; 3 to validate of " + c.data.validation));
}

TEST_F(RunDataTest, AValidationFileChoosesTheBestEpoch) {
  Config c = run_of("x,y\n1,1\n1,1\n");
  c.data.validation = write("valid.csv", "x,y\n1,0.5\n");
  c.train.epochs = 20;
  c.train.patience = 2;
  c.out = path("run");
  const TrainReport report = run(c);
  EXPECT_EQ(report.stopped_by, "patience");
  EXPECT_EQ(report.best_epoch, 1) << "1/2 after one step, 3/4 after two";
  EXPECT_EQ(weight_of(c.out), 0.5f);
  c.data.validation = write("valid.csv", "x,y\n1,0.25\n");
  expect_error<DataError>([&] { run(c); }, {"data has changed"});
}

TEST_F(RunDataTest, RowsThatAreHeldOutHaveTheirSampleWeightsAndNoClassWeights) {
  std::string rows = "x,w,y\n";
  for (int n = 0; n < 40; ++n) rows += n % 4 == 0 ? "1,3,yes\n" : "1,2,no\n";
  Config c = run_of(rows);
  c.data.weight = "w";
  c.data.class_weight = "1,10";
  c.data.validation_fraction = 0.3;
  const RunData data = read_run_data(c, {});
  ASSERT_EQ(data.split.validation.size(), 12u);
  for (const std::int64_t row : data.split.validation)
    EXPECT_EQ(data.train.weight[static_cast<std::size_t>(row)], row % 4 == 0 ? 3 : 2);
  for (const std::int64_t row : data.split.train)  // 7 times 30 and 21 times 2: their mean is 9
    EXPECT_EQ(data.train.weight[static_cast<std::size_t>(row)], (row % 4 == 0 ? 30.0f : 2.0f) / 9);
}

TEST_F(RunDataTest, HeldOutRowsThatAreNoneAreRefused) {
  Config c = run_of("x,y\n1,1\n1,2\n");
  c.data.validation_fraction = 1e-9;
  expect_error<DataError>([&] { read_run_data(c, {}); },
                          {"rows.csv", "validation_fraction", "holds out none"});
}

TEST_F(RunDataTest, HeldOutRowsThatAllHaveWeightZeroAreRefused) {
  std::string rows = "x,y,w\n";
  for (int n = 0; n < 8; ++n) rows += fmt::format("{},{},{}\n", n, 2 * n, n == 3 ? 1 : 0);
  Config c = run_of(rows);
  c.data.weight = "w";
  c.data.validation_fraction = 0.3;
  for (c.seed = 1; std::ranges::count(split_rows(8, 0.3, static_cast<std::uint64_t>(c.seed)).train, 3) == 0;)
    ++c.seed;
  expect_error<DataError>([&] { read_run_data(c, {}); },
                          {"rows.csv: every row that data.validation_fraction holds out has weight 0"});
  c.data.validation_fraction = 0;
  c.data.folds = 4;
  expect_error<DataError>([&] { run(c); },
                          {"rows.csv: every row that fold", "of data.folds = 4", "weight 0"});
  EXPECT_THAT(messages_, Not(HasSubstr("fold 1 of 4"))) << "before any fold is trained";
}

TEST_F(RunDataTest, HeldOutRowsInMemoryThatAllHaveWeightZeroAreRefused) {
  const Dataset rows = number_data(1, {0, 1, 2, 3, 4, 5, 6, 7}, {0, 2, 4, 6, 8, 10, 12, 14});
  Config c;
  c.device = "cpu";
  c.data.validation_fraction = 0.3;
  for (c.seed = 1; std::ranges::count(split_rows(8, 0.3, static_cast<std::uint64_t>(c.seed)).train, 3) == 0;)
    ++c.seed;
  for (Dataset data : {rows, fit_transform(rows, {})}) {
    data.weight = {0, 0, 0, 1, 0, 0, 0, 0};
    MemoryData memory{std::move(data), nullptr};
    expect_error<DataError>(
        [&] { read_run_data(c, {}, &memory); },
        {rows.source + ": every row that data.validation_fraction holds out has weight 0"});
  }
}

TEST_F(RunDataTest, StratifiedNumbersAreRefused) {
  Config c = run_of("x,y\n1,1.5\n1,2\n");
  c.data.validation_fraction = 0.5;
  c.data.stratify = Tristate::yes;
  expect_error<ConfigError>([&] { read_run_data(c, {}); }, {"data.stratify = true", "rows.csv", "numbers"});
}

TEST_F(RunDataTest, FoldsReportTheMeanAndTheDeviationOfWhatTheyHoldOut) {
  // Trained on y = 1 the weight is 1/2 and the loss on y = 3 is 25/8; trained on y = 3 they are 3/2 and 1/8.
  Config c = run_of("x,y\n1,1\n1,3\n");
  c.data.folds = 2;
  c.out = path("run");
  const TrainReport report = run(c);
  ASSERT_EQ(report.folds.size(), 2u);
  EXPECT_EQ(report.fold_metrics[0].name, "loss");
  EXPECT_EQ(report.fold_metrics[0].mean, 1.625);
  EXPECT_EQ(report.fold_metrics[0].deviation, 1.5);
  EXPECT_EQ(weight_of(path("run/fold-0")) + weight_of(path("run/fold-1")), 2.0f);
  EXPECT_FALSE(std::filesystem::exists(path("run/model.safetensors"))) << "no model is of all rows";
  EXPECT_THAT(messages_, HasSubstr("fold 2 of 2"));
}

TEST_F(RunDataTest, FoldsAddUpWhatTheyHaveDoneAndLeaveOutWhatOneDoesNotDefine) {
  std::string rows = "x,y\n";
  for (int n = 0; n < 12; ++n) rows += fmt::format("{},{}\n", n, n == 5 ? "a" : "b");
  Config c = run_of(rows);
  c.data.folds = 3;
  c.model.loss = Loss::logistic;
  c.train.epochs = 4;
  c.train.batch_size = 4;
  const TrainReport report = run(c);
  EXPECT_EQ(report.epochs, 12);
  EXPECT_EQ(report.steps, 24);
  EXPECT_EQ(report.samples, 12 * 8);
  std::set<std::string> names;
  for (const FoldMetric& metric : report.fold_metrics) {
    EXPECT_TRUE(std::isfinite(metric.mean)) << metric.name;
    names.insert(metric.name);
  }
  EXPECT_TRUE(names.contains("accuracy"));
  EXPECT_GE((*report.folds[0].validation)["auc"], 0) << "the first fold holds the a";
  EXPECT_FALSE(names.contains("auc")) << "two folds hold one class";
}

TEST_F(RunDataTest, FoldsEndWhereASignalStopsTheRun) {
  Config c = run_of("x,y\n1,1\n1,3\n1,2\n1,4\n");
  c.data.folds = 2;
  std::atomic<int> signal{0};
  TrainObserver observer;
  observer.progress = [&](const Progress&) { signal = 15; };
  observer.stop_signal = &signal;
  const TrainReport report = train(c, observer);
  EXPECT_EQ(report.stopped_by, "signal");
  EXPECT_EQ(report.folds.size(), 1u);
  EXPECT_TRUE(report.fold_metrics.empty());
  EXPECT_GT(report.samples_per_second, 0);
}

TEST_F(RunDataTest, FoldsOfAFormerRunAreNamed) {
  Config c = run_of("x,y\n1,1\n1,3\n1,2\n1,4\n");
  c.out = path("run");
  c.data.folds = 4;
  run(c);
  EXPECT_THAT(messages_, Not(HasSubstr("former run")));
  c.data.folds = 2;
  c.checkpoint.resume = "never";
  run(c);
  EXPECT_THAT(messages_, HasSubstr("not of this one: " + path("run/fold-2") + ", " + path("run/fold-3")));
}

TEST_F(RunDataTest, TheFolderOfAFoldTakesNoFolds) {
  Config c = run_of("x,y\n1,1\n1,3\n");
  c.out = path("run");
  c.data.folds = 2;
  run(c);
  Config fold;
  read_config_file(path("run/fold-0/config.toml"), fold);
  expect_error<ConfigError>([&] { run(fold); }, {"fold-0", "is the folder of a single run or fold"});
  EXPECT_FALSE(std::filesystem::exists(path("run/fold-0/fold-0")));
}

TEST_F(RunDataTest, ACategoryThatOnlyHeldOutRowsHaveIsUnseen) {
  std::string rows = "t,y\n";
  for (int n = 0; n < 10; ++n) rows += fmt::format("{},{}\n", n == 4 ? "rare" : n % 2 == 0 ? "p" : "q", n);
  Config c = run_of(rows);
  c.data.validation_fraction = 0.3;
  const auto holds_out = [&] { return read_run_data(c, {}).split.validation; };
  while (std::ranges::count(holds_out(), 4) == 0) ++c.seed;
  const RunData data = read_run_data(c, {});
  EXPECT_EQ(data.train.features, 2) << "the inputs are those of the rows to train on";
  EXPECT_THAT(data.train.transform.names, ElementsAre("t=p", "t=q"));
  EXPECT_EQ(std::vector<float>(data.train.dense_f32.begin() + 8, data.train.dense_f32.begin() + 10),
            Floats(2));
  EXPECT_EQ(data.train.unseen, 1);
  EXPECT_THAT(data.train.notes,
              ElementsAre(HasSubstr("1 cell of held-out rows with a category that no row")));
  c.data.unseen = Unseen::error;
  expect_error<DataError>([&] { read_run_data(c, {}); },
                          {"rows.csv line 6", "\"t\"", "\"rare\" stands in held-out"});
  c.data.validation_fraction = 0;
  c.data.folds = 5;
  expect_error<DataError>([&] { run(c); }, {"\"rare\" stands in held-out rows alone"});
}

TEST_F(RunDataTest, AFileOfTheSameRowsIsReadAsTheyWereHeldOut) {
  std::string rows = "n,t,u,y\n";
  for (int n = 0; n < 10; ++n)
    rows += fmt::format("{},{},{},{}\n", n, n == 4 ? "a" : n % 2 == 0 ? "p" : "q", n % 3 == 0 ? "" : "v", n);
  Config c = run_of(rows);
  c.data.validation_fraction = 0.3;
  c.data.impute = Imputation::mean;
  c.data.crosses = {"t*u"};
  const auto holds_out = [&] { return read_run_data(c, {}).split.validation; };
  while (std::ranges::count(holds_out(), 4) == 0) ++c.seed;
  c.data.test = c.data.train;
  const RunData data = read_run_data(c, {});
  EXPECT_THAT(data.train.transform.names, ElementsAre("n", "t=p", "t=q", "u=v", "t*u=p*v", "t*u=q*v"));
  EXPECT_EQ(data.test->dense_f32, data.train.dense_f32);
  EXPECT_EQ(data.test->unseen, 2) << "t and t*u of row 4";
}

TEST_F(RunDataTest, PrivateTrainingHoldsRowsOutWithoutALookAtTheirClasses) {
  std::string rows = "x,y\n";
  for (int n = 0; n < 40; ++n) rows += n < 4 ? "1,yes\n" : "1,no\n";
  Config c = run_of(rows);
  c.model.loss = Loss::logistic;
  c.data.validation_fraction = 0.25;
  c.per_sample.clip_norm = c.per_sample.noise_multiplier = 1;
  for (c.seed = 1; c.seed < 6; ++c.seed)
    EXPECT_EQ(read_run_data(c, {}).split.validation,
              split_rows(40, 0.25, static_cast<std::uint64_t>(c.seed)).validation);
  EXPECT_THAT(said_of(c).at(1), Not(HasSubstr("every class by its share")));
  c.per_sample = {};
  EXPECT_THAT(said_of(c).at(1), HasSubstr("10 to validate, every class by its share"));
}

TEST_F(RunDataTest, AFullFingerprintIsOfEveryRow) {
  std::string rows = "x,y\n";
  for (int n = 0; n < 3000; ++n) rows += fmt::format("{},{}\n", n % 7, n % 5 + 0.5);
  Config c = run_of(rows);
  c.data.validation = path("rows.csv");
  const std::string sampled = read_run_data(c, {}).fingerprint;
  c.data.fingerprint = FingerprintRows::full;
  const RunData data = read_run_data(c, {});
  const std::string of_all = fingerprint(data.train, true);
  EXPECT_EQ(data.fingerprint, of_all + "+" + of_all);
  EXPECT_NE(data.fingerprint, sampled);
}

TEST_F(RunDataTest, ClassWeightsGiveAccuracyAwayWithoutAWord) {
  std::string rows = "x,y\n";
  for (int n = 0; n < 40; ++n) rows += fmt::format("{},{}\n", n % 2, n < 4 ? "yes" : "no");
  Config c = run_of(rows);
  c.data.test = c.data.train;
  c.data.class_weight = "1,1000";
  c.model.bias = true;
  const TrainReport report = run(c);
  EXPECT_EQ((*report.test)["accuracy"], 0.1) << "every row is taken for a yes";
  EXPECT_THAT(messages_, Not(HasSubstr("would be better")));
}

TEST_F(RunDataTest, OneClassAloneIsNamedWithItsColumn) {
  expect_error<DataError>([&] { run(run_of("x,grade\n1,a\n2,a\n")); },
                          {"every target in the column \"grade\" is of the class \"a\""});
}

TEST_F(RunDataTest, FoldsHaveTheSameBitsWhateverTheThreads) {
  std::string rows = "a,b,y\n";
  for (int n = 0; n < 60; ++n)
    rows += std::to_string(n % 7) + "," + std::to_string(n % 5) + "," + "uvw"[n % 3] + "\n";
  Config c = run_of(rows);
  c.data.folds = 3;
  const TrainReport one = run(c);
  c.train.threads = 3;
  const TrainReport three = run(c);
  for (std::size_t fold = 0; fold < 3; ++fold) {
    EXPECT_EQ(one.folds[fold].parameters_xxh3, three.folds[fold].parameters_xxh3);
    EXPECT_EQ(one.folds[fold].summary.validation_rows, 20);
  }
  EXPECT_NE(one.folds[0].parameters_xxh3, one.folds[1].parameters_xxh3);
}

/// y = 10 x on rows of mean 10 and deviation 2; the model of it is what the others begin with.
class InitTest : public RunDataTest {
 protected:
  Config first() const {
    Config c = run_of("a,b,y\n8,1,80\n12,1,120\n8,5,80\n12,5,120\n");
    c.data.standardize = Tristate::yes;
    c.data.standardize_target = Tristate::yes;
    c.train.epochs = 60;
    c.model.bias = true;
    c.out = path("first");
    return c;
  }

  Config second(const std::string& rows) const {
    Config c = run_of(rows);
    c.model.bias = true;
    c.model.init = path("first");
    c.optimizer.lr = 1e-12;
    return c;
  }
};

TEST_F(InitTest, ARunTakesOverTheScalesAndTheOrderOfTheColumns) {
  run(first());
  Config c = second("b,a,y\n30,100,1000\n40,200,2000\n30,300,3000\n");
  c.out = path("second");
  c.data.test = c.data.train;
  const TrainReport report = run(c);
  EXPECT_LT(report.test.value()["rmse"], 1e-2) << "y = 10 a still";
  EXPECT_THAT(messages_, HasSubstr("columns, scales and classes are those of model.init = " + path("first")));
  EXPECT_THAT(messages_, HasSubstr("task: to predict a number; loss squared, as in model.init"));
  EXPECT_EQ(Model::load(Context({.device = "cpu"}), c.out).spec().schema.transform.columns,
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(InitTest, ColumnsThatTheModelDoesNotHaveAreRefused) {
  run(first());
  expect_error<DataError>([&] { run(second("a,c,y\n1,1,1\n")); }, {"column \"c\" (1)", "did not have"});
  expect_error<DataError>([&] { run(second("a,y\n1,1\n")); }, {"lacks the column \"b\""});
}

TEST_F(InitTest, ClassesThatTheModelDoesNotHaveAreRefused) {
  Config c = first();
  c.data.train = write("classes.csv", "a,b,y\n1,2,no\n2,3,yes\n");
  c.data.standardize_target = Tristate::no;
  c.train.epochs = 1;
  run(c);
  expect_error<DataError>([&] { run(second("a,b,y\n1,1,no\n1,1,aa\n")); },
                          {"label \"aa\" was not seen", "no, yes"});
  // Its own labels are enough, whatever the order in which they come; the loss is the model's.
  Config again = second("a,b,y\n1,1,yes\n");
  EXPECT_EQ(run(again).summary.classes, (std::vector<std::string>{"no", "yes"}));
}

TEST_F(InitTest, ALossForOtherTargetsIsRefusedWithBothNamed) {
  run(first());
  Config c = second("a,b,y\n1,1,0\n2,2,1\n");
  c.model.loss = Loss::logistic;
  expect_error<ConfigError>([&] { run(c); }, {"model.init = ", "trained on numbers with the loss squared",
                                              "model.loss = logistic is for classes"});
}

TEST_F(InitTest, AnotherShapeIsRefusedWithBothNamed) {
  run(first());
  Config c = second("a,b,y\n1,1,0\n2,2,1\n");
  c.model.hidden = {3};
  expect_error<ShapeError>([&] { run(c); }, {"model.init = ", "layers.0.weight", "[1, 2]", "[3, 2]"});
}

}  // namespace
}  // namespace thalweg::test
