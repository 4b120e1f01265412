// Where a run goes on from, what may change on the way, and which checkpoints stay. All rows are x = 1, y =
// 1: each step multiplies the error of the weight, which begins at -1, by 1 - lr.
#include "host/run/run_checkpoints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/data_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RunCheckpointsTest : public DataFiles {
 protected:
  Config run_of(double lr, std::int64_t epochs) const {
    Config c;
    c.device = "cpu";
    c.data = config(write("rows.csv", "x,y\n1,1\n1,1\n"));
    c.data.standardize_target = Tristate::no;
    c.model.bias = false;
    c.model.loss = Loss::squared;
    c.optimizer.name = Rule::sgd;
    c.optimizer.lr = lr;
    c.train.epochs = epochs;
    c.train.threads = 1;
    c.out = path("run");
    return c;
  }

  TrainReport run(const Config& config) {
    messages_.clear();
    TrainObserver observer;
    observer.message = [this](const std::string& text) { messages_ += text + "\n"; };
    return train(config, observer);
  }

  static float weight_of(const std::string& folder) {
    return Model::load(Context({.device = "cpu", .threads = 1}), folder).parameters()[0].values[0];
  }
  CheckpointData checkpoint(std::int64_t step) const {
    return read_checkpoint(checkpoint_folder(checkpoint_root(path("run")), step));
  }

  std::string messages_;
};

TEST_F(RunCheckpointsTest, ARunGoesOnWithAnotherRateWhereThatIsAllowed) {
  run(run_of(0.5, 2));  // the error is -1/4
  Config c = run_of(0.25, 4);
  expect_error<ConfigError>([&] { run(c); },
                            {"optimizer.lr was 0.5 and is now 0.25", "checkpoint.on_change=allow"});
  c.checkpoint.on_change = OnChange::allow;
  EXPECT_EQ(run(c).steps, 4);
  EXPECT_EQ(weight_of(c.out), 1 - 0.25f * 0.75f * 0.75f);
  EXPECT_THAT(messages_, HasSubstr("optimizer.lr was 0.5 and is 0.25 from step 2 on"));
}

TEST_F(RunCheckpointsTest, TheHistoryHoldsEveryChangeOnce) {
  run(run_of(0.5, 2));
  EXPECT_THAT(checkpoint(2).history, ElementsAre());
  Config c = run_of(0.25, 4);
  c.checkpoint.on_change = OnChange::allow;
  run(c);
  c.optimizer.lr = 0.125;
  c.train.epochs = 5;
  run(c);
  c.train.epochs = 6;
  run(c);
  EXPECT_THAT(checkpoint(6).history,
              ElementsAre("step 2: optimizer.lr 0.5 -> 0.25", "step 4: optimizer.lr 0.25 -> 0.125"));
  EXPECT_EQ(weight_of(c.out), 1 - 0.25f * 0.75f * 0.75f * 0.875f * 0.875f);
}

TEST_F(RunCheckpointsTest, ACosineIsExtended) {
  Config c = run_of(0.5, 1);
  c.schedule.name = ScheduleKind::cosine;
  run(c);
  c.train.epochs = 2;
  expect_error<ConfigError>([&] { run(c); }, {"train.epochs was 1", "checkpoint.on_change=allow"});
  c.checkpoint.on_change = OnChange::allow;
  EXPECT_EQ(run(c).steps, 2);
  EXPECT_NEAR(weight_of(c.out), 0.5 + 0.5 * 0.25, 1e-6) << "half of the cosine of two steps";
}

TEST_F(RunCheckpointsTest, WhatIsNoRateOrLengthMayNotChange) {
  run(run_of(0.5, 2));
  Config c = run_of(0.5, 4);
  c.checkpoint.on_change = OnChange::allow;
  c.train.batch_size = 1;
  expect_error<ConfigError>([&] { run(c); }, {"train.batch_size was 2 and is now 1; set it back, choose"});
}

TEST_F(RunCheckpointsTest, AnotherMetricForgetsTheBestOfTheFormer) {
  Config c = run_of(0.5, 2);
  c.data.validation = write("valid.csv", "x,y\n1,0.5\n1,0.25\n");
  c.checkpoint.on_change = OnChange::allow;
  EXPECT_EQ(run(c).best_step, 1);
  c.train.metric = "mae";
  c.train.epochs = 3;
  EXPECT_EQ(run(c).best_step, 3) << "the first epoch that was measured by it";
  EXPECT_THAT(messages_,
              HasSubstr("the best epoch so far, that of step 1, was judged by another metric and is "
                        "forgotten: the run looks for the best by mae"));
  c.train.epochs = 4;
  run(c);
  EXPECT_THAT(messages_, testing::Not(HasSubstr("forgotten"))) << "the metric is the same";
}

TEST_F(RunCheckpointsTest, AnotherMetricBeforeTheFirstEpochHasNothingToForget) {
  Config c = run_of(0.5, 2);
  c.data.validation = write("valid.csv", "x,y\n1,0.5\n1,0.25\n");
  c.checkpoint.on_change = OnChange::allow;
  c.train.batch_size = 1;
  c.train.max_steps = 1;
  run(c);
  c.train.metric = "mae";
  c.train.max_steps = 0;
  EXPECT_EQ(run(c).steps, 4);
  EXPECT_THAT(messages_, testing::Not(HasSubstr("forgotten")));
}

TEST_F(RunCheckpointsTest, ARunThatHasEndedKeepsItsBestUnderAnotherMetric) {
  Config c = run_of(0.5, 2);
  c.data.validation = write("valid.csv", "x,y\n1,0.5\n1,0.25\n");
  c.checkpoint.on_change = OnChange::allow;
  c.train.patience = 5;
  run(c);
  const float best = weight_of(c.out);
  EXPECT_EQ(best, 0.5f) << "that of the first epoch";
  c.train.metric = "mae";
  EXPECT_EQ(run(c).best_step, 1);
  EXPECT_EQ(weight_of(c.out), best);
}

TEST_F(RunCheckpointsTest, WhatAPlateauHasLoweredEndsWithIt) {
  Config c =
      run_of(2, 3);  // the error turns from -1 to 1 and back; the rate falls after each epoch but the first
  c.schedule.name = ScheduleKind::plateau;
  c.schedule.patience = 0;
  c.schedule.gamma = 0.5;
  run(c);
  const float before = weight_of(c.out);
  c.schedule.name = ScheduleKind::constant;
  c.optimizer.lr = 0.5;
  c.train.epochs = 4;
  c.checkpoint.on_change = OnChange::allow;
  run(c);
  EXPECT_EQ(weight_of(c.out), before + 0.5f * (1 - before));
}

TEST_F(RunCheckpointsTest, TheSameDataMayLieElsewhere) {
  run(run_of(0.5, 2));
  Config c = run_of(0.5, 3);
  c.data.train = write("copy.csv", "x,y\n1,1\n1,1\n");
  EXPECT_EQ(run(c).steps, 3);
  EXPECT_THAT(messages_, HasSubstr("copy.csv\"; the data are the same, the run goes on"));
  c.data.train = write("other.csv", "x,y\n1,1\n1,2\n");
  expect_error<ConfigError>([&] { run(c); }, {"data.train was", "other.csv"});
}

TEST_F(RunCheckpointsTest, ARunIsNamedByItsFolder) {
  run(run_of(0.5, 2));
  Config c = run_of(0.5, 3);
  c.out = path("second");
  c.checkpoint.resume = path("run");
  EXPECT_THAT(run(c).resumed_from, HasSubstr("run/checkpoints/step-000000002"));
  EXPECT_EQ(weight_of(c.out), 0.875f);
  std::filesystem::create_directories(path("empty/checkpoints"));
  c.out = path("third");
  c.checkpoint.resume = path("empty");
  expect_error<NoInputError>([&] { run(c); }, {"checkpoint.resume = ", "empty", "no valid checkpoint"});
}

TEST_F(RunCheckpointsTest, TheBestOfAShortRunIsKept) {
  Config c = run_of(0.5, 6);
  c.data.validation = write("valid.csv", "x,y\n1,0.75\n");
  c.checkpoint.keep = 1;
  const TrainReport report = run(c);
  EXPECT_EQ(report.best_step, 2) << "the weights are 1/2, 3/4, 7/8, ...";
  EXPECT_EQ(report.best_epoch, 2);
  EXPECT_FALSE(report.best_is_model);
  EXPECT_EQ(weight_of(c.out), 1 - 0.015625f);
  EXPECT_EQ(weight_of(path("run/checkpoints/step-000000002")), 0.75f);
  EXPECT_EQ(checkpoint(2).step, 2);
  EXPECT_FALSE(std::filesystem::exists(path("run/checkpoints/step-000000003")));
  EXPECT_THAT(messages_,
              HasSubstr("the best on the validation rows is " + path("run/checkpoints/step-000000002")));
}

TEST_F(RunCheckpointsTest, TheBestComesAlongFromAnotherRun) {
  Config c = run_of(0.5, 4);
  c.data.validation = write("valid.csv", "x,y\n1,0.75\n");
  run(c);
  c.train.patience = 3;
  c.train.epochs = 9;
  c.checkpoint.resume = path("run");
  for (const char* name : {"second", "third"}) {
    c.out = path(name);
    const TrainReport report = run(c);
    EXPECT_EQ(report.steps, 5) << "three epochs after the best, which is the second";
    EXPECT_EQ(report.best_step, 2);
    EXPECT_EQ(weight_of(c.out), 0.75f);
    c.checkpoint.resume =
        path("second");  // which has ended: the third has nothing to do but to end with its best
  }
  std::filesystem::remove_all(path("run/checkpoints/step-000000002"));
  c.out = path("fourth");
  c.checkpoint.resume = path("run");
  EXPECT_EQ(run(c).best_step, 5);
  EXPECT_THAT(messages_, HasSubstr("step-000000002 is not there"));
}

TEST_F(RunCheckpointsTest, TheBestComesAlongWhereTheRunBeginsWithIt) {
  Config c = run_of(0.5, 2);
  c.data.validation = write("valid.csv", "x,y\n1,0.75\n");
  run(c);  // whose best step is its last
  c.train.patience = 2;
  c.train.epochs = 9;
  c.checkpoint.resume = path("run/checkpoints/step-000000002/");
  c.out = path("second");
  const TrainReport report = run(c);
  EXPECT_EQ(report.steps, 4);
  EXPECT_EQ(report.best_step, 2);
  EXPECT_EQ(weight_of(c.out), 0.75f);
}

TEST_F(RunCheckpointsTest, ARunThatHasEndedKeepsTheConfigOfItsSteps) {
  run(run_of(0.5, 4));
  Config c = run_of(0.25, 3);
  c.checkpoint.on_change = OnChange::allow;
  run(c);
  EXPECT_THAT(messages_, HasSubstr("nothing to do"));
  Config kept;
  read_config_file(path("run/config.toml"), kept);
  EXPECT_EQ(kept.optimizer.lr, 0.5);
  EXPECT_EQ(kept.train.epochs, 4);
}

TEST_F(RunCheckpointsTest, AMetricThatTheValidationRowsDoNotDefineIsRefusedAtTheFirstEpoch) {
  Config c = run_of(0.5, 4);
  c.data.validation = write("valid.csv", "x,y\n1,0\n2,1\n");
  c.train.metric = "mape";
  c.train.patience = 2;
  expect_error<DataError>([&] { run(c); },
                          {"train.metric = mape", "do not define it", "want another metric"});
}

TEST_F(RunCheckpointsTest, AFinishedRunSaysThatThereIsNothingToDo) {
  const Config c = run_of(0.5, 2);
  run(c);
  EXPECT_THAT(messages_, Not(HasSubstr("nothing to do")));
  EXPECT_EQ(run(c).samples, 0);
  EXPECT_THAT(messages_, HasSubstr("nothing to do: the run in " + c.out + " has ended (epochs)"));
  run(run_of(0.5, 3));
  EXPECT_THAT(messages_, Not(HasSubstr("nothing to do")));
}

}  // namespace
}  // namespace thalweg::test
