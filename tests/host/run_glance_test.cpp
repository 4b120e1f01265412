// A run at a moment: what its files tell of how far it is, how fast, and whether it lives.
#include "host/report/run_glance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace thalweg::report {
namespace {

using testing::ElementsAre;

const double kNan = std::nan("");

/// Epochs of 100 steps that take 10 s.
std::string epoch(int number, const std::string& values, int seconds) {
  std::ostringstream line;
  line << R"({"step":)" << 100 * number << R"(,"epoch":)" << number << R"(,"seconds":)" << seconds << ","
       << values << "}\n";
  return line.str();
}

/// Three of five epochs of 100 batches of 64 rows.
class Glances : public testing::Test {
 protected:
  Glances() {
    files_.folder = "runs/a";
    files_.config.train.epochs = 5;
    files_.config.train.batch_size = 64;
    files_.config.train.metric = "auc";
    files_.log = parse_log(
        epoch(1, R"("train.loss":0.5,"lr":0.125,"validation.loss":0.75,"validation.auc":0.5)", 10) +
        epoch(2, R"("train.loss":0.375,"lr":0.125,"validation.loss":0.5,"validation.auc":0.75)", 20) +
        epoch(3, R"("train.loss":0.25,"lr":0.0625,"validation.loss":0.625,"validation.auc":0.625)", 30));
  }
  RunGlance glance() const { return glance_at(files_, traces_); }
  std::string stage() const {
    const RunGlance seen = glance();
    return std::string(name_of(seen.stage)) + "; " + seen.words;
  }

  RunFiles files_;
  RunTraces traces_{.there = true, .holder = Holder::run, .silence = 5};
};

TEST_F(Glances, ARunningRunSaysHowFarItIsAndHowLongItWillTake) {
  const RunGlance seen = glance();
  EXPECT_EQ(stage(), "running; ");
  EXPECT_EQ(seen.epoch, 3);
  EXPECT_EQ(seen.epochs, 5);
  EXPECT_EQ(seen.step, 300);
  EXPECT_EQ(seen.steps, 500);
  EXPECT_DOUBLE_EQ(seen.seconds, 30);
  EXPECT_DOUBLE_EQ(seen.samples_per_second, 640);
  EXPECT_DOUBLE_EQ(seen.seconds_left, 15) << "200 steps, 10 a second, and 5 s have passed since";
  EXPECT_TRUE(std::isnan(seen.waiting_share));
  traces_.silence = 50;
  EXPECT_DOUBLE_EQ(glance().seconds_left, 0);
}

TEST_F(Glances, TheBestEpochIsThatOfTheWatchedMetric) {
  const RunGlance seen = glance();
  EXPECT_EQ(seen.watched, "validation.auc");
  EXPECT_EQ(seen.best_epoch, 2);
  EXPECT_EQ(seen.best, 0.75);
  files_.config.train.metric = "loss";
  EXPECT_EQ(glance().watched, "validation.loss");
  EXPECT_EQ(glance().best, 0.5);
  EXPECT_EQ(glance().curves.size(), 3U) << "no curve twice";
  files_.log = parse_log(epoch(1, R"("train.loss":0.5,"lr":1)", 10));
  EXPECT_EQ(glance().watched, "");
  EXPECT_EQ(glance().best_epoch, 0);
}

TEST_F(Glances, TheCurvesAreThoseOfTheEpochs) {
  const RunGlance seen = glance();
  ASSERT_EQ(seen.curves.size(), 4U);
  EXPECT_EQ(seen.curves[0].name, "train.loss");
  EXPECT_THAT(seen.curves[0].values, ElementsAre(0.5, 0.375, 0.25));
  EXPECT_EQ(seen.curves[1].name, "validation.loss");
  EXPECT_EQ(seen.curves[2].name, "validation.auc");
  EXPECT_THAT(seen.curves[2].values, ElementsAre(0.5, 0.75, 0.625));
  EXPECT_EQ(seen.curves[3].name, "lr");
  EXPECT_THAT(seen.curves[3].values, ElementsAre(0.125, 0.125, 0.0625));
}

TEST_F(Glances, BeforeTheSecondEpochTheRateIsThatOfTheSteps) {
  files_.log = parse_log(
      "{\"step\":10,\"loss\":2,\"lr\":0.5,\"seconds\":1}\n{\"step\":20,\"loss\":1,\"lr\":0.25,\"seconds\":2}"
      "\n");
  const RunGlance seen = glance();
  ASSERT_EQ(seen.curves.size(), 2U);
  EXPECT_EQ(seen.curves[0].name, "loss of a step");
  EXPECT_THAT(seen.curves[0].values, ElementsAre(2, 1));
  EXPECT_THAT(seen.curves[1].values, ElementsAre(0.5, 0.25));
  EXPECT_EQ(seen.step, 20);
  EXPECT_EQ(seen.epoch, 0);
  EXPECT_EQ(seen.steps, 0) << "no epoch has ended that tells how many steps one has";
  EXPECT_TRUE(std::isnan(seen.seconds_left));
  files_.config.train.max_steps = 50;
  EXPECT_EQ(glance().steps, 50);
  EXPECT_DOUBLE_EQ(glance().seconds_left, 0) << "3 s, of which 5 have passed";
  traces_.silence = kNan;
  EXPECT_DOUBLE_EQ(glance().seconds_left, 3);
}

TEST_F(Glances, ARunThatDivergedBetweenTwoEpochsSaysWhy) {
  files_.log =
      parse_log(epoch(1, R"("train.loss":1)", 10) + R"({"step":104,"diverged":"step 105: NaN"})" + "\n");
  traces_.holder = Holder::none;
  EXPECT_EQ(stage(), "diverged; step 105: NaN");
  EXPECT_EQ(files_.log.damaged, 0);
  EXPECT_EQ(glance().step, 100) << "of the last line that tells of a step";
  traces_.was_held = true;
  EXPECT_EQ(stage(), "killed; the same command begins again") << "it had gone on since";
}

TEST_F(Glances, ALimitOfStepsOrTimeShortensTheRun) {
  files_.config.train.max_steps = 350;
  EXPECT_EQ(glance().steps, 350);
  EXPECT_DOUBLE_EQ(glance().seconds_left, 0) << "5 s, of which 5 have passed";
  files_.config.train.max_steps = 1000;
  EXPECT_EQ(glance().steps, 500);
  files_.config.train.max_seconds = 42;
  EXPECT_DOUBLE_EQ(glance().seconds_left, 7) << "42 - 30 - 5";
}

TEST_F(Glances, WhatTheConfigLeavesOpenIsNotKnown) {
  files_.config.train.epochs = -1;  // auto
  files_.config.train.batch_size = 0;
  EXPECT_EQ(glance().epochs, 0);
  EXPECT_EQ(glance().steps, 0);
  EXPECT_TRUE(std::isnan(glance().samples_per_second));
  EXPECT_TRUE(std::isnan(glance().seconds_left));
}

TEST_F(Glances, TheShareOfWaitingIsThatOfTheLastEpoch) {
  files_.log = parse_log(epoch(1, R"("train.loss":1,"loader.wait_seconds":9)", 10) +
                         epoch(2, R"("train.loss":1,"loader.wait_seconds":2.5)", 20));
  EXPECT_DOUBLE_EQ(glance().waiting_share, 0.25);
  files_.log = parse_log(epoch(1, R"("train.loss":1,"loader.wait_seconds":1)", 0));
  EXPECT_TRUE(std::isnan(glance().waiting_share)) << "no time has passed";
}

TEST_F(Glances, ARunWithoutLinesSaysWhy) {
  files_.log = {};
  EXPECT_EQ(stage(), "running; nothing is logged yet");
  traces_.there = false;
  EXPECT_EQ(stage(), "running; it reads its data");
  traces_.holder = Holder::none;
  EXPECT_EQ(stage(), "waiting; it has not begun");
  traces_.was_seen = true;
  EXPECT_EQ(stage(), "removed; its folder is gone");
}

TEST_F(Glances, ARunThatLeftItsModelFinishedOrWasStopped) {
  traces_ = {.there = true, .has_model = true, .saved_step = 500};
  EXPECT_EQ(stage(), "finished; ");
  EXPECT_EQ(glance().step, 500) << "the newest checkpoint knows it; the log may have no line of it";
  EXPECT_TRUE(std::isnan(glance().seconds_left));
  traces_.saved_step = 300;
  EXPECT_EQ(stage(), "stopped; before its last step; the same command goes on from step 300");
  traces_.saved_step = 0;
  EXPECT_EQ(stage(), "stopped; before its last step; the same command begins again");
  files_.config.train.loss_tolerance = 1e-3;
  EXPECT_EQ(stage(),
            "stopped; before its last step, by a tolerance or a signal; the same command begins again");
}

TEST_F(Glances, ALimitThatWasReachedFinishesARun) {
  traces_ = {.there = true, .has_model = true, .saved_step = 300};
  files_.config.train.patience = 1;
  EXPECT_EQ(stage(), "finished; no better epoch in 1");
  files_.config.train.patience = 2;
  EXPECT_THAT(stage(), testing::StartsWith("stopped; "));
  files_.config.train.max_seconds = 30;
  EXPECT_EQ(stage(), "finished; its 30 seconds are over");
  files_.config.train.max_seconds = 31;
  EXPECT_THAT(stage(), testing::StartsWith("stopped; "));
  files_.log = parse_log(epoch(3, R"("train.loss":0.5)", 3));
  EXPECT_THAT(stage(), testing::StartsWith("stopped; ")) << "patience needs validation rows";
}

TEST_F(Glances, ARunWithoutLinesIsJudgedByItsCheckpoint) {
  files_.log = {};
  traces_ = {.there = true, .has_model = true};
  EXPECT_EQ(stage(), "stopped; before its last step; the same command begins again");
  files_.config.train.max_steps = 50;
  traces_.saved_step = 50;
  EXPECT_EQ(stage(), "finished; ");
  EXPECT_EQ(glance().step, 50);
}

TEST_F(Glances, ARunThatLeftNoModelBroke) {
  traces_ = {.there = true, .saved_step = 200};
  EXPECT_EQ(stage(), "failed; it ended with an error, or diverged, and left no model");
  traces_.was_held = true;
  EXPECT_EQ(stage(), "killed; the same command goes on from step 200");
  traces_.was_held = false;
  files_.log = parse_log(epoch(1, R"("train.loss":0.5,"validation.loss":null)", 10));
  EXPECT_EQ(stage(), "diverged; validation.loss is not finite at epoch 1");
  files_.log = parse_log(epoch(2, R"("train.loss":null)", 10));
  EXPECT_EQ(stage(), "diverged; train.loss is not finite at epoch 2");
  traces_.has_model = true;
  traces_.saved_step = 500;
  EXPECT_EQ(stage(), "finished; train.loss is not finite at epoch 2");
}

TEST_F(Glances, WithoutLocksOnlyAModelTells) {
  traces_.holder = Holder::unknown;
  EXPECT_EQ(stage(), "unknown; the file system has no locks to tell by whether it runs");
  traces_.has_model = true;
  EXPECT_THAT(stage(), testing::StartsWith("stopped; "));
}

TEST(RunStages, WhatRunsOrMayBeginHasNotEnded) {
  for (const auto& [stage, name] : kNames<RunStage>) {
    const bool goes_on = name == "waiting" || name == "running" || name == "unknown";
    EXPECT_EQ(has_ended(stage), !goes_on) << name;
  }
}

}  // namespace
}  // namespace thalweg::report
