// The loop of a run: its log, resumption, phases, what it saves and reports.
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
#include "tests/support/training_run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

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

TEST_F(TrainingRunTest, TheObserverHearsWhichEpochIsTheBestSoFar) {
  std::vector<bool> best;
  observer_.epoch = [&](const EpochReport& epoch) { best.push_back(epoch.is_best); };
  Config c = validated(0.5);
  c.train.epochs = 2;
  run(c);
  EXPECT_EQ(best, (std::vector<bool>{true, true})) << "the error halves";
  best.clear();
  c = validated(2.5);  // the error grows by half
  c.train.epochs = 1;
  c.checkpoint.on_change = OnChange::allow;
  run(c, "run");
  c.train.epochs = 3;
  run(c, "run");
  EXPECT_EQ(best, (std::vector<bool>{true, false, false})) << "a run that goes on remembers its best";
  best.clear();
  c = config(0.5);
  c.train.epochs = 1;
  run(c);
  EXPECT_EQ(best, std::vector<bool>{false}) << "there are no validation rows";
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
