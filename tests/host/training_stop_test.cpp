// What ends a run and which epoch it keeps, and what else follows its losses: plateaus of the rate, spikes.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "host/checkpoint/files.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/training_run_support.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

TEST_F(TrainingRunTest, ALossThatRisesDoesNotCountAsOneThatStandsStill) {
  Config c = config(2.5);  // the error grows by half in each step
  c.train.loss_tolerance = 0.1;
  c.train.epochs = 9;
  const TrainReport report = run(c);
  EXPECT_EQ(report.stopped_by, "epochs");
  EXPECT_EQ(report.epochs, 9);
}

TEST_F(TrainingRunTest, FiveChangesOfTheLossBelowTheToleranceEndTheRun) {
  Config c = config(0.5);
  c.train.epochs = 10;
  c.train.loss_tolerance = 0.1;  // the loss falls by 0.375, then by 0.09375, then by a quarter of that
  const TrainReport report = run(c);
  EXPECT_EQ(report.stopped_by, "loss");
  EXPECT_EQ(report.epochs, 7);
  c.train.loss_tolerance = 0.4;
  EXPECT_EQ(run(c).epochs, 6);
  c.train.loss_tolerance = 1e9;
  EXPECT_EQ(run(c).epochs, 6) << "the first epoch has nothing to be held against";
}

TEST_F(TrainingRunTest, AChangeAboveTheToleranceBeginsTheCountAnew) {
  Config c = config(0.8);
  c.schedule.warmup_steps = 4;  // rates 0, 0.2, 0.4, 0.6, 0.8, ...
  c.train.epochs = 12;
  c.train.loss_tolerance = 0.1;
  EXPECT_EQ(run(c).epochs, 9) << "losses 0.5, 0.5, 0.32, 0.1152, 0.0184, ...: small from the fifth on";
}

TEST_F(TrainingRunTest, AGradientBelowTheToleranceEndsTheRun) {
  Config c = config(0.5);
  c.train.gradient_tolerance = 0.3;  // gradients 1, 1/2 and 1/4
  const TrainReport report = run(c);
  EXPECT_EQ(report.stopped_by, "gradient");
  EXPECT_EQ(report.steps, 3);
}

TEST_F(TrainingRunTest, TheSecondsOfAResumedRunBeginAfterItsDataAreRead) {
  Config c = config(0.5);
  c.train.max_steps = 1;
  EXPECT_EQ(run(c, "run").steps, 1);
  c.train.max_steps = 2;
  c.train.max_seconds = 0.5;
  observer_.phase = [](TrainPhase phase) {
    if (phase == TrainPhase::load) std::this_thread::sleep_for(std::chrono::milliseconds(600));
  };
  const TrainReport report = run(c, "run");
  EXPECT_EQ(report.steps, 2);
  EXPECT_EQ(report.stopped_by, "steps");
}

TEST_F(TrainingRunTest, PatienceEndsWithTheBestEpochAlsoWithoutAFolder) {
  Config c = validated(2.5);
  c.train.epochs = 20;
  c.train.patience = 3;
  c.optimizer.ema_decay = 0.25;
  // The average of the parameters, a quarter of which stays in each step, is worst at the start.
  for (const auto& [average, best] : {std::pair(Averaging::none, 1), std::pair(Averaging::ema, 2)}) {
    c.optimizer.average = average;
    const TrainReport saved = run(c, std::string(name_of(average)));
    messages_.clear();
    const TrainReport report = run(c);
    EXPECT_TRUE(report.best_is_model);
    EXPECT_EQ(report.best_step, best);
    EXPECT_EQ(report.epochs, best + 3);
    EXPECT_EQ(report.parameters_xxh3, saved.parameters_xxh3);
    EXPECT_THAT(messages_, HasSubstr(", the best on the validation rows"));
    EXPECT_EQ(report.validation.value()["loss"], saved.validation.value()["loss"]);
  }
}

TEST_F(TrainingRunTest, ARunThatIsInterruptedDoesNotSayWhichEpochIsItsModel) {
  Config c = validated(2.5);  // the first epoch is the best
  std::atomic<int> signal{0};
  observer_.stop_signal = &signal;
  observer_.epoch = [&](const EpochReport& epoch) { signal = epoch.epoch == 2 ? 1 : 0; };
  for (const std::int64_t patience : {0, 9}) {
    c.train.patience = patience;
    const std::string name = "run" + std::to_string(patience);
    signal = 0;
    const TrainReport report = run(c, name);
    EXPECT_EQ(report.stopped_by, "signal");
    EXPECT_EQ(report.steps, 2);
    EXPECT_THAT(messages_, testing::Not(HasSubstr("the model is")));
    EXPECT_EQ(weight_of(name), patience == 0 ? -1.25F : 2.5F) << "after two steps, and after one";
  }
}

TEST_F(TrainingRunTest, PatienceCountsEpochsSinceTheBestAndEndsWithIt) {
  Config c = validated(2.5);  // the error grows from the first step on: the first epoch is the best
  c.train.epochs = 20;
  for (const std::int64_t patience : {1, 3}) {
    c.train.patience = patience;
    const TrainReport report = run(c, "run" + std::to_string(patience));
    EXPECT_EQ(report.stopped_by, "patience");
    EXPECT_EQ(report.epochs, 1 + patience);
    EXPECT_EQ(weight_of("run" + std::to_string(patience)), 2.5f) << "after the first step";
    EXPECT_DOUBLE_EQ(report.validation.value()["loss"], 1.5 * 1.5 / 2);
    EXPECT_THAT(messages_, HasSubstr("the model is that of step 1, the best on the validation rows"));
  }
}

TEST_F(TrainingRunTest, PatienceWatchesTheMetricThatIsNamedInItsDirection) {
  // y = x = 1 or -1: the error grows by half in each step, and r2 = 1 - error^2 falls.
  Config c = validated(2.5);
  std::string csv = "x,y\n";
  const std::string rows = read_file(c.data.train);
  for (std::ptrdiff_t n = std::count(rows.begin(), rows.end(), '\n'); n > 1; --n)
    csv += n % 2 == 0 ? "1,1\n" : "-1,-1\n";
  c.data.train = folder_.write("signs.csv", csv);
  c.train.epochs = 3;
  c.train.patience = 1;
  for (const std::string metric : {"r2", "rmse"}) {
    c.train.metric = metric;
    EXPECT_EQ(run(c, metric).epochs, 2);
    EXPECT_EQ(weight_of(metric), 2.5f) << "after the first step";
  }
  c.optimizer.lr = 0.5;  // r2 rises
  c.train.metric = "r2";
  EXPECT_EQ(run(c, "rises").epochs, 3);
  EXPECT_EQ(weight_of("rises"), 0.875f);
}

TEST_F(TrainingRunTest, AMetricThatTheModelDoesNotHaveIsRefused) {
  Config c = validated(0.5);
  c.train.metric = "rms";
  expect_error<ConfigError>([&] { run(c); },
                            {"train.metric = \"rms\"", "loss, r2, rmse, mae", "did you mean \"rmse\""});
}

TEST_F(TrainingRunTest, AVanishingImprovementIsNone) {
  Config c = validated(2);  // the error turns from -1 to 1 and back: equal losses
  c.train.epochs = 20;
  c.train.patience = 2;
  const TrainReport report = run(c, "run");
  EXPECT_EQ(report.epochs, 3);
  EXPECT_EQ(weight_of("run"), 2) << "the first of equals";
}

TEST_F(TrainingRunTest, TheBestModelIsTheAverageOfTheBestStep) {
  // errors 3/2, -9/4, 27/8; averages of half each: 3/2, -3/8, 3/2. The second epoch is the best.
  Config c = validated(2.5);
  c.optimizer.average = Averaging::ema;
  c.optimizer.ema_decay = 0.5;
  c.train.epochs = 20;
  c.train.patience = 1;
  const TrainReport report = run(c, "run");
  EXPECT_EQ(report.epochs, 3);
  EXPECT_EQ(weight_of("run"), 1 - 0.375f);
  EXPECT_DOUBLE_EQ(report.validation.value()["loss"], 0.375 * 0.375 / 2);
  EXPECT_EQ(logged("run", "validation.loss"), (std::vector<std::string>{"1.125", "0.0703125", "1.125"}));
}

TEST_F(TrainingRunTest, ASignalDuringAValidationOfTheAverageChangesNoBit) {
  Config c = validated(0.5);
  c.optimizer.average = Averaging::ema;
  c.optimizer.ema_decay = 0.5;
  const TrainReport whole = run(c, "whole");
  std::atomic<int> stop{0};
  observer_.stop_signal = &stop;
  observer_.progress = [&](const Progress& p) { stop = p.step == 2 ? 15 : 0; };
  const TrainReport interrupted = run(c, "run");
  EXPECT_EQ(interrupted.stopped_by, "signal");
  EXPECT_EQ(interrupted.steps, 2);
  EXPECT_FALSE(interrupted.validation.has_value());
  EXPECT_EQ(weight_of("run"), 1 - 0.375f) << "errors -1/2 and -1/4, half of each";
  stop = 0;
  observer_.progress = nullptr;
  const TrainReport resumed = run(c, "run");
  EXPECT_THAT(resumed.resumed_from, HasSubstr("step-000000002"));
  EXPECT_EQ(resumed.parameters_xxh3, whole.parameters_xxh3);
  EXPECT_EQ(resumed.train_loss, whole.train_loss);
  EXPECT_EQ(resumed.validation.value()["loss"], whole.validation.value()["loss"]);
  EXPECT_EQ(logged("run", "validation.loss"), logged("whole", "validation.loss"));
  EXPECT_EQ(weight_of("run"), weight_of("whole"));
}

TEST_F(TrainingRunTest, AnotherMetricJudgesAValidationThatASignalPutOff) {
  Config c = validated(0.5);
  c.train.epochs = 2;
  c.checkpoint.on_change = OnChange::allow;
  std::atomic<int> stop{0};
  observer_.stop_signal = &stop;
  observer_.progress = [&](const Progress& p) { stop = p.step == 2 ? 15 : 0; };
  EXPECT_EQ(run(c, "run").best_step, 1) << "by a loss of 1/8";
  stop = 0;
  observer_.progress = nullptr;
  c.train.metric = "mae";
  EXPECT_EQ(run(c, "run").best_step, 2) << "by a mae of 1/4, which is not held against the loss";
}

/// As many steps at a time as max_steps allows, from 1 to the end.
TrainReport in_pieces(const std::function<TrainReport(std::int64_t)>& run_until, std::int64_t steps) {
  for (std::int64_t step = 1; step < steps; ++step) run_until(step);
  return run_until(steps);
}

TEST_F(TrainingRunTest, APlateauLowersTheRateAtTheSameEpochHoweverOftenTheRunIsResumed) {
  // The error turns from -1 to 1 and back until the third epoch without improvement; from then on the rate is
  // a quarter, 1/2, and the error halves.
  Config c = config(2);
  c.schedule.name = ScheduleKind::plateau;
  c.schedule.patience = 2;
  c.schedule.gamma = 0.25;
  c.train.epochs = 6;
  run(c, "whole");
  EXPECT_EQ(logged("whole", "lr"), (std::vector<std::string>{"2", "2", "2", "2", "0.5", "0.5"}));
  EXPECT_EQ(weight_of("whole"), 1 - 0.25f);  // errors 1, -1, 1, -1, -1/2, -1/4
  c.checkpoint.every_steps = 1;
  in_pieces(
      [&](std::int64_t step) {
        c.train.max_steps = step;
        return run(c, "pieces");
      },
      6);
  EXPECT_EQ(weight_of("pieces"), weight_of("whole"));
  EXPECT_EQ(logged("pieces", "lr"), logged("whole", "lr"));
  EXPECT_EQ(logged("pieces", "train.loss"), logged("whole", "train.loss"));
}

TEST_F(TrainingRunTest, APlateauFollowsTheValidationLossWhereThereIsOne) {
  // Errors -1, still -1 after a first rate of 0, -1/2 and -1/4. Before the second step the loss is what it
  // was before the first, which the training loss takes for an epoch without improvement; after it, it is
  // better.
  Config c = validated(0.5);
  c.schedule.name = ScheduleKind::plateau;
  c.schedule.warmup_steps = 1;
  c.schedule.warmup_start = 0;
  c.schedule.patience = 0;
  c.schedule.gamma = 0.25;
  c.train.epochs = 3;
  run(c, "run");
  EXPECT_EQ(logged("run", "lr"), (std::vector<std::string>{"0", "0.5", "0.5"}));
  EXPECT_EQ(weight_of("run"), 0.75f);
}

/// Among the rows of the known problem bad ones, whose squared error overflows float32; a row is a batch, in
/// the order of the file.
class SpikesTest : public TrainingRunTest {
 protected:
  Config spikes(const std::vector<bool>& bad) const {
    std::string csv = "x,y\n";
    for (const bool b : bad) csv += b ? "1,3e38\n" : "1,1\n";
    Config c = config(0.5);
    c.data.train = folder_.write("spikes.csv", csv);
    c.train.batch_size = 1;
    c.train.epochs = 1;
    c.train.shuffle = false;
    c.train.on_spike = SpikePolicy::skip;
    return c;
  }
};

TEST_F(SpikesTest, TenInARowArePassedOverAndTheEleventhEndsTheRun) {
  std::vector<bool> rows(12, true);
  rows[0] = rows[11] = false;
  const TrainReport report = run(spikes(rows), "run");
  EXPECT_EQ(report.steps, 12);
  EXPECT_EQ(weight_of("run"), 0.75f) << "two steps taught something";
  EXPECT_DOUBLE_EQ(report.train_loss, (0.5 + 0.125) / 2);
  EXPECT_THAT(messages_, HasSubstr("spikes.csv line 3"));
  rows.insert(rows.begin() + 5, true);
  EXPECT_THROW(run(spikes(rows)), DivergedError);
}

TEST_F(SpikesTest, AGoodStepBetweenThemBeginsTheCountAnew) {
  std::vector<bool> rows(25, true);
  rows[8] = rows[16] = rows[24] = false;
  EXPECT_EQ(run(spikes(rows), "run").steps, 25);
  EXPECT_EQ(weight_of("run"), 0.875f) << "three steps taught something";
}

TEST_F(SpikesTest, InARowAreCountedAcrossAResumption) {
  Config c = spikes(std::vector<bool>(12, true));
  c.train.max_steps = 6;
  EXPECT_EQ(run(c, "run").steps, 6);
  c.train.max_steps = 10;
  EXPECT_EQ(run(c, "run").steps, 10);
  c.train.max_steps = 0;
  EXPECT_THROW(run(c, "run"), DivergedError);
}

TEST_F(SpikesTest, NameEightRowsOfABatchAndTheNumberOfTheOthers) {
  Config c = spikes(std::vector<bool>(11, true));
  c.train.batch_size = 11;
  run(c);
  EXPECT_THAT(messages_, HasSubstr("line 2, "));
  EXPECT_THAT(messages_, HasSubstr("line 9 and 3 more"));
  EXPECT_THAT(messages_, testing::Not(HasSubstr("line 10")));
}

}  // namespace
}  // namespace thalweg::test
