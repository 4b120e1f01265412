// The loop of a run, on a problem whose every step is known: all rows are x = 1, y = 1, the model is w x, and
// gradient descent multiplies the error w - 1, which begins at -1, by 1 - lr in each step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

class TrainingRunTest : public testing::Test {
 protected:
  /// One batch an epoch, unless `rows` is more than four.
  Config config(double lr, int rows = 4) const {
    std::string csv = "x,y\n";
    for (int n = 0; n < rows; ++n) csv += "1,1\n";
    Config c;
    c.device = "cpu";
    c.data.train = folder_.write("rows" + std::to_string(rows) + ".csv", csv);
    c.data.standardize = c.data.standardize_target = Tristate::no;
    c.model.loss = Loss::squared;
    c.model.bias = false;
    c.optimizer.name = Rule::sgd;
    c.optimizer.lr = lr;
    c.train.batch_size = 4;
    c.train.epochs = 4;
    c.train.threads = 1;
    return c;
  }

  /// 32 rows to train on in one batch, a power of two whose mean is exact, and others like them to validate.
  Config validated(double lr) const {
    int rows = 32;
    while (split_rows(rows, 0.25, 1).train.size() < 32) ++rows;
    Config c = config(lr, rows);
    c.data.validation_fraction = 0.25;
    c.train.batch_size = 32;
    return c;
  }

  TrainReport run(Config c, const std::string& name = "") {
    if (!name.empty()) c.out = folder_.path(name);
    observer_.message = [this](const std::string& text) { messages_ += text + "\n"; };
    return train(c, observer_);
  }

  float weight_of(const std::string& name) const {
    const Context ctx({.device = "cpu", .threads = 1});
    return Model::load(ctx, folder_.path(name)).parameters()[0].values[0];
  }

  /// Numbers named `key` in the lines of an epoch's end.
  std::vector<std::string> logged(const std::string& name, const std::string& key) const {
    std::ifstream in(folder_.path(name) + "/metrics.jsonl");
    std::vector<std::string> values;
    for (std::string line; std::getline(in, line);) {
      const std::string mark = "\"" + key + "\":";
      const std::size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + mark.size();
      values.push_back(line.substr(begin, line.find_first_of(",}", begin) - begin));
    }
    return values;
  }

  FaultyFiles files_;  // its fsync does not wait for the disk
  TemporaryFolder folder_;
  TrainObserver observer_;
  std::string messages_;
};

TEST_F(TrainingRunTest, TheLossOfAnEpochIsTheMeanOverItsRowsAndOfNoOther) {
  // errors -1, -1/2, -1/4 and -1/8 before the four steps
  const TrainReport report = run(config(0.5), "run");
  EXPECT_EQ(logged("run", "train.loss"), (std::vector<std::string>{"0.5", "0.125", "0.03125", "0.0078125"}));
  EXPECT_EQ(report.train_loss, 0.0078125);
  EXPECT_EQ(report.steps, 4);
  EXPECT_EQ(report.epochs, 4);
  EXPECT_EQ(report.samples, 16);
  EXPECT_GT(report.seconds, 0);
  EXPECT_DOUBLE_EQ(report.samples_per_second * report.seconds, 16);
  EXPECT_EQ(weight_of("run"), 0.9375f);
  // Two batches an epoch, of four rows and of two: (4 * 0.5 + 2 * 0.125) / 6, and the error is then -1/4.
  Config short_batch = config(0.5, 6);
  short_batch.train.epochs = 1;
  EXPECT_DOUBLE_EQ(run(short_batch).train_loss, 2.25 / 6);
  short_batch.train.max_steps = 1;
  EXPECT_DOUBLE_EQ(run(short_batch).train_loss, 0.5) << "of the epoch so far";
  short_batch.train.max_steps = 0, short_batch.train.epochs = 2;
  EXPECT_DOUBLE_EQ(run(short_batch).train_loss, 2.25 / 6 / 16);
}

TEST_F(TrainingRunTest, TheLogSaysWhereAnEpochEndedAndAtWhatRate) {
  Config c = config(0.5, 6);
  c.schedule.name = ScheduleKind::inverse_time;
  c.schedule.decay = 1;
  c.train.epochs = 2;
  c.train.log_every_steps = 3;
  run(c, "run");
  EXPECT_EQ(logged("run", "epoch"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(logged("run", "step"), (std::vector<std::string>{"2", "3", "4"}));
  // 0.5 / (1 + k) of the k-th step counted from 0: 0.5 / 2, 0.5 / 3 and 0.5 / 4
  EXPECT_EQ(logged("run", "lr"), (std::vector<std::string>{"0.25", "0.16666666666666666", "0.125"}));
  // Before step 3 the error is -(1 - 1/2) (1 - 1/4) = -3/8, which is the gradient as well.
  EXPECT_EQ(logged("run", "loss"), (std::vector<std::string>{"0.0703125"}));
  EXPECT_EQ(logged("run", "gradient_norm"), (std::vector<std::string>{"0.375"}));
}

TEST_F(TrainingRunTest, AFormerRunsModelDoesNotAnswerForARunThatGoesOn) {
  const Config c = config(0.5);
  run(c, "run");
  ASSERT_EQ(weight_of("run"), 0.9375f);
  Config longer = c;
  longer.train.epochs = 8;
  longer.checkpoint.every_steps = 1;
  std::vector<float> seen;
  observer_.progress = [&](const Progress&) { seen.push_back(weight_of("run")); };
  run(longer, "run");
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0], 0.9375f) << "of the checkpoint that it goes on from";
  EXPECT_GT(seen[3], 0.9375f) << "of a later checkpoint";
  EXPECT_EQ(weight_of("run"), 0.99609375f);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("run/model.former.safetensors")));
}

TEST_F(TrainingRunTest, AFormerRunsModelDoesNotAnswerForARunThatStartsOver) {
  run(config(0.5), "run");
  Config anew = config(1e18);
  anew.data.train = folder_.write("steep.csv", "x,y\n100,1\n");
  anew.checkpoint.resume = "never";
  observer_.progress = [&](const Progress&) {
    EXPECT_THROW(weight_of("run"), NoInputError) << "it has saved nothing yet";
    EXPECT_TRUE(std::filesystem::exists(folder_.path("run/model.former.safetensors"))) << "nothing is lost";
  };
  EXPECT_THROW(run(anew, "run"), DivergedError);
  EXPECT_FLOAT_EQ(weight_of("run"), 1e20f) << "of its last good step: 0 + 1e18 * 100";
}

TEST_F(TrainingRunTest, AFinishedRunKeepsItsModelWhenItIsStartedAgain) {
  run(config(0.5), "run");
  const auto written = std::filesystem::last_write_time(folder_.path("run/model.safetensors"));
  run(config(0.5), "run");
  EXPECT_FALSE(std::filesystem::exists(folder_.path("run/model.former.safetensors")));
  EXPECT_EQ(weight_of("run"), 0.9375f);
  EXPECT_LE(written, std::filesystem::last_write_time(folder_.path("run/model.safetensors")));
}

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

TEST_F(TrainingRunTest, TheObserverHearsOfEveryEpoch) {
  std::vector<EpochReport> epochs;
  observer_.epoch = [&](const EpochReport& epoch) { epochs.push_back(epoch); };
  Config c = validated(0.5);
  c.train.epochs = 2;
  c.per_sample.statistics = true;
  run(c);
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[1].step, 2);
  EXPECT_EQ(epochs[1].epoch, 2);
  EXPECT_EQ(epochs[1].train_loss, 0.125) << "half the squared error of 1/2 before the second step";
  EXPECT_EQ(epochs[1].lr, 0.5);
  EXPECT_GE(epochs[1].seconds, epochs[0].seconds);
  EXPECT_EQ(epochs[1].validation.value()["loss"], 0.03125);
  const std::map<std::string, double> values{epochs[1].values.begin(), epochs[1].values.end()};
  EXPECT_EQ(values.at("per_sample.norm.max"), 0.5);
}

/// Bytes that this process has read.
std::int64_t bytes_read() {
  std::ifstream in("/proc/self/io");
  std::string name;
  std::int64_t value = 0;
  in >> name >> value;
  return name == "rchar:" ? value : -1;
}

TEST_F(TrainingRunTest, AResumptionReadsItsCheckpointOnce) {
  Config c = config(0.125);
  c.model.hidden = {100000};
  c.train.epochs = 1;
  run(c, "run");
  std::uintmax_t size = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_.path("run/checkpoints/step-000000001")))
    size += file.file_size();
  const std::int64_t before = bytes_read();
  ASSERT_GE(before, 0);
  run(c, "run");
  EXPECT_LT(bytes_read() - before, static_cast<std::int64_t>(size + size / 2));
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

TEST_F(TrainingRunTest, ProgressIsThatOfTheStepJustTaken) {
  std::vector<Progress> seen;
  observer_.progress = [&](const Progress& p) { seen.push_back(p); };
  Config c = config(0.5, 6);
  c.train.epochs = 2;
  run(c);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].step, 1);
  EXPECT_EQ(seen[3].step, 4);
  EXPECT_EQ(seen[0].total_steps, 4);
  EXPECT_EQ(seen[0].epoch, 1);
  EXPECT_EQ(seen[1].epoch, 1);
  EXPECT_EQ(seen[2].epoch, 2);
  EXPECT_DOUBLE_EQ(seen[0].loss, 0.5);
  EXPECT_DOUBLE_EQ(seen[1].loss, 2.25 / 6);
  EXPECT_DOUBLE_EQ(seen[2].loss, 0.5 / 16) << "of the new epoch alone";
  EXPECT_EQ(seen[2].lr, 0.5);
  EXPECT_DOUBLE_EQ(seen[1].samples_per_second * seen[1].seconds, 6);
}

TEST_F(TrainingRunTest, ARequestToSaveIsMetAndTakenBack) {
  std::atomic<int> save{1};
  observer_.save_signal = &save;
  Config c = config(0.5);
  c.checkpoint.every_epochs = 0;
  c.train.max_steps = 2;
  run(c, "run");
  EXPECT_EQ(save.load(), 0);
  std::set<std::string> steps;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("run") + "/checkpoints"))
    steps.insert(entry.path().filename().string());
  EXPECT_EQ(steps, (std::set<std::string>{"step-000000001", "step-000000002"}));
}

TEST_F(TrainingRunTest, WithoutAFolderNothingIsWritten) {
  const Config c = config(0.5);
  const int opened = files_.calls(FileOp::open), made = files_.calls(FileOp::mkdir);
  EXPECT_EQ(run(c).steps, 4);
  EXPECT_EQ(files_.calls(FileOp::open), opened);
  EXPECT_EQ(files_.calls(FileOp::mkdir), made);
}

TEST_F(TrainingRunTest, AFinishedRunIsEvaluatedAgainAndNotSavedAgain) {
  Config c = config(0.5);
  c.data.test = folder_.write("test.csv", "x,y\n2,1\n0,1\n");
  const TrainReport first = run(c, "run");
  // w = 0.9375: residuals 0.875 and -1
  EXPECT_DOUBLE_EQ(first.test.value()["mae"], 0.9375);
  EXPECT_FALSE(first.validation.has_value());
  const TrainReport again = run(c, "run");
  EXPECT_EQ(again.steps, 4);
  EXPECT_EQ(again.samples, 0);
  EXPECT_EQ(again.train_loss, first.train_loss);
  EXPECT_EQ(again.parameters_xxh3, first.parameters_xxh3);
  EXPECT_DOUBLE_EQ(again.test.value()["mae"], 0.9375);
  EXPECT_EQ(logged("run", "train.loss").size(), 4u);
}

TEST_F(TrainingRunTest, AFinishedRunKeepsItsModelWhateverWouldChooseAnotherNow) {
  Config c = validated(2.5);  // the first epoch is the best
  c.train.patience = 100;
  run(c, "run");
  ASSERT_EQ(weight_of("run"), 2.5f);
  const std::string config_before = read_file(folder_.path("run/config.toml"));
  c.checkpoint.on_change = OnChange::allow;
  Config metric = c, impatient = c;
  metric.train.metric = "r2";
  impatient.train.patience = 0;
  for (const Config& other : {metric, impatient}) {
    messages_.clear();
    const TrainReport again = run(other, "run");
    EXPECT_THAT(messages_, HasSubstr("has ended (epochs); more train.epochs with"));
    EXPECT_EQ(weight_of("run"), 2.5f);
    EXPECT_EQ(again.best_step, 1);
    EXPECT_TRUE(again.best_is_model);
    EXPECT_DOUBLE_EQ(again.validation.value()["loss"], 1.5 * 1.5 / 2);
    EXPECT_EQ(read_file(folder_.path("run/config.toml")), config_before);
  }
}

TEST_F(TrainingRunTest, AFinishedRunNamesTheSettingThatEndedIt) {
  const auto said = [&](const std::string& name, const Config& c) {
    run(c, name);
    messages_.clear();
    run(c, name);
    return messages_;
  };
  Config steps = config(0.5), gradient = config(0.5), loss = config(0.001), patience = validated(2.5);
  steps.train.max_steps = 2;
  gradient.train.gradient_tolerance = 0.3;
  loss.train.epochs = 100, loss.train.loss_tolerance = 0.1;
  patience.train.epochs = 20, patience.train.patience = 1;
  EXPECT_THAT(said("epochs", config(0.5)), HasSubstr("ended (epochs); more train.epochs with"));
  EXPECT_THAT(said("steps", steps), HasSubstr("ended (steps); more train.max_steps with"));
  EXPECT_THAT(said("gradient", gradient),
              HasSubstr("ended (gradient); a smaller train.gradient_tolerance with"));
  EXPECT_THAT(said("loss", loss), HasSubstr("ended (loss); a smaller train.loss_tolerance with"));
  EXPECT_THAT(said("patience", patience), HasSubstr("ended (patience); more train.patience with"));
}

TEST_F(TrainingRunTest, TestRowsNeedATarget) {
  Config c = config(0.5);
  c.data.target = "y";
  c.data.test = folder_.write("test.csv", "x\n2\n0\n");
  EXPECT_THROW(run(c), Error);
}

TEST_F(TrainingRunTest, PoissonRefusesNegativeCountsOfEitherFile) {
  Config c = config(0.125);
  c.model.loss = Loss::poisson;
  EXPECT_NO_THROW(run(c));
  c.data.test = folder_.write("test.csv", "x,y\n2,-1\n");
  EXPECT_THROW(run(c), DataError);
  c.data.train = std::exchange(c.data.test, "");
  EXPECT_THROW(run(c), DataError);
}

TEST_F(TrainingRunTest, APrivateRunLogsWhatItHasSpentSoFar) {
  Config c = config(0.5, 40);
  c.per_sample = {.clip_norm = 1, .noise_multiplier = 2, .delta = 1e-5, .accountant = Accountant::rdp};
  c.per_sample.reproducible_noise = true;
  c.train.epochs = 2;
  const TrainReport report = run(c, "run");
  const auto spent = logged("run", "privacy.epsilon");
  ASSERT_EQ(spent.size(), 2u);
  EXPECT_LT(std::stod(spent[0]), std::stod(spent[1]));
  EXPECT_DOUBLE_EQ(std::stod(spent[1]), report.privacy.value().epsilon);
  EXPECT_EQ(logged("run", "privacy.delta"), (std::vector<std::string>{"1e-05", "1e-05"}));
  EXPECT_FALSE(run(config(0.5)).privacy.has_value());
}

TEST_F(TrainingRunTest, StatisticsOfTheLastEpochAreReported) {
  Config c = config(0.5);
  c.per_sample.statistics = true;
  const TrainReport report = run(c, "run");
  const std::map<std::string, double> got{report.per_sample.begin(), report.per_sample.end()};
  EXPECT_EQ(got.at("per_sample.norm.max"), 0.125);  // the error before the fourth step
  EXPECT_EQ(logged("run", "per_sample.norm.max"), (std::vector<std::string>{"1", "0.5", "0.25", "0.125"}));
}

TEST_F(TrainingRunTest, PhasesFollowEachOther) {
  std::vector<TrainPhase> phases;
  observer_.phase = [&](TrainPhase phase) { phases.push_back(phase); };
  run(config(0.5));
  EXPECT_EQ(phases, (std::vector<TrainPhase>{TrainPhase::load, TrainPhase::train, TrainPhase::evaluate}));
}

TEST_F(TrainingRunTest, NeverResumingBeginsAgainAndAPathBeginsThere) {
  Config c = config(0.5);
  c.checkpoint.every_steps = 1;
  c.checkpoint.keep = 10;
  run(c, "run");
  const std::string second = folder_.path("run") + "/checkpoints/step-000000002";
  c.checkpoint.resume = second;
  EXPECT_EQ(run(c, "other").resumed_from, second);
  EXPECT_EQ(weight_of("other"), 0.9375f);
  c.checkpoint.resume = "never";
  c.train.max_steps = 1;
  EXPECT_EQ(run(c, "run").resumed_from, "");
  EXPECT_EQ(weight_of("run"), 0.5f);
  EXPECT_FALSE(std::filesystem::exists(second)) << "checkpoints of the run before are of another run";
}

TEST_F(TrainingRunTest, WhereNoCudaIsBuiltTheChosenDeviceIsAllThatIsSaidOfDevices) {
  if (cuda_report().built) GTEST_SKIP() << "this build has a CUDA backend and says why it is not used";
  Config c = config(0.5);
  c.device = "auto";
  run(c);
  EXPECT_THAT(messages_, HasSubstr("device: cpu\n"));
  EXPECT_THAT(messages_, testing::Not(HasSubstr("cuda")));
}

TEST_F(TrainingRunTest, DroppingTheLastBatchOfAShortFileLeavesNone) {
  Config c = config(0.5, 3);
  c.train.batch_size = 4;
  c.train.drop_last = true;
  EXPECT_EQ(run(c).steps, 4) << "a batch is no larger than the file";
  Config six = config(0.5, 6);
  six.train.drop_last = true;
  EXPECT_EQ(run(six).steps, 4);
}

TEST_F(TrainingRunTest, FoldsTellOfEachStepAndNeedNobodyWhoListens) {
  Config c = config(0.5, 8);
  c.data.folds = 2;
  EXPECT_EQ(train(c).steps, 8);
  std::int64_t told = 0;
  observer_.progress = [&](const Progress&) { ++told; };
  const TrainReport report = train(c, observer_);
  EXPECT_EQ(told, 8);
  EXPECT_EQ(report.steps, 8);
  EXPECT_EQ(report.epochs, 8) << "4 of each fold";
  EXPECT_EQ(report.samples, 32) << "4 in each step";
  EXPECT_GT(report.seconds, 0);
  EXPECT_DOUBLE_EQ(report.samples_per_second, 32 / report.seconds);
  EXPECT_EQ(report.stopped_by, "epochs");
  EXPECT_EQ(report.device, "cpu");
}

TEST_F(TrainingRunTest, FoldsHoldTheFolderThatTheyMake) {
  Config c = config(0.5, 8);
  c.data.folds = 2;
  c.out = folder_.path("folds");
  std::string refusal;
  observer_.progress = [&](const Progress&) {
    try {
      const RunLock second(c.out, {});
    } catch (const IoError& error) {
      refusal = error.what();
    }
  };
  train(c, observer_);
  EXPECT_THAT(refusal, HasSubstr("another run writes to " + c.out));
}

}  // namespace
}  // namespace thalweg::test
