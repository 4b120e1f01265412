// train.tensorboard: the event files of a run. ./run tensorboard reads such files by the package tensorboard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "host/checkpoint/files.hpp"
#include "host/report/event_log.hpp"
#include "host/report/hparams.hpp"
#include "tests/support/event_reader.hpp"
#include "tests/support/training_run_support.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using Points = std::vector<std::pair<std::int64_t, float>>;
constexpr const char* kFirstFile = "events.out.tfevents.000000000000.thalweg";

class TensorBoardTest : public TrainingRunTest {
 protected:
  std::string folder(const std::string& name) const { return folder_.path(name) + "/tensorboard"; }
  std::vector<std::string> files(const std::string& name) const {
    std::vector<std::string> names = names_in(folder(name));
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<Event> events_of(const std::string& name) const {
    std::vector<Event> events;
    for (const std::string& file : files(name)) {
      if (!file.ends_with(".thalweg")) continue;
      const std::string bytes = read_file(folder(name) + "/" + file);
      std::size_t size = 0;
      for (const std::string_view record : events::records_of(bytes)) {
        events.push_back(decoded_event(record));
        size += events::framed(record).size();
      }
      EXPECT_EQ(size, bytes.size()) << file << " ends in the middle of a record";
    }
    return events;
  }
  Points points(const std::string& name, const std::string& tag) const {
    Points points;
    for (const Event& event : events_of(name))
      if (event.scalars.contains(tag)) points.emplace_back(event.step, event.scalars.at(tag));
    return points;
  }
  static Config watched(Config c) {
    c.train.tensorboard = true;
    return c;
  }
};

TEST_F(TensorBoardTest, HasTheNumbersOfTheLogUnderGroupsOfTags) {
  Config c = watched(validated(0.5));
  c.train.epochs = 2;
  c.train.log_every_steps = 1;
  c.per_sample.statistics = true;
  run(c, "run");
  EXPECT_THAT(files("run"), ElementsAre(kFirstFile));
  // errors -1 and -1/2 before the two steps, -1/2 and -1/4 after them
  EXPECT_EQ(points("run", "step/loss"), (Points{{1, 0.5f}, {2, 0.125f}}));
  EXPECT_EQ(points("run", "step/gradient_norm"), (Points{{1, 1}, {2, 0.5f}}));
  EXPECT_EQ(points("run", "step/lr"), (Points{{1, 0.5f}, {2, 0.5f}}));
  EXPECT_EQ(points("run", "train/loss"), (Points{{1, 0.5f}, {2, 0.125f}}));
  EXPECT_EQ(points("run", "train/gradient_norm"), (Points{{1, 1}, {2, 0.5f}}));
  EXPECT_EQ(points("run", "train/lr"), (Points{{1, 0.5f}, {2, 0.5f}}));
  EXPECT_EQ(points("run", "train/epoch"), (Points{{1, 1}, {2, 2}}));
  EXPECT_EQ(points("run", "validation/loss"), (Points{{1, 0.125f}, {2, 0.03125f}}));
  EXPECT_EQ(points("run", "per_sample/norm.p50"), (Points{{1, 1}, {2, 0.5f}}));
  EXPECT_EQ(points("run", "validation/rmse"), (Points{{1, 0.5f}, {2, 0.25f}}));
  for (const char* const tag : {"step/samples_per_second", "train/samples_per_second"}) {
    ASSERT_EQ(points("run", tag).size(), 2u) << tag;
    EXPECT_GT(points("run", tag)[1].second, 0) << tag;
  }
  EXPECT_TRUE(points("run", "train/seconds").empty()) << "every event has its time";
  EXPECT_TRUE(points("run", "train/step").empty());
}

TEST_F(TensorBoardTest, AnEpochsSamplesPerSecondAreThoseOfTheLogsSeconds) {
  Config c = watched(config(0.5));
  c.train.epochs = 2;
  run(c, "run");
  const Points speeds = points("run", "train/samples_per_second");
  const std::vector<std::string> seconds = logged("run", "seconds");
  ASSERT_EQ(speeds.size(), 2u);
  EXPECT_FLOAT_EQ(speeds[0].second, static_cast<float>(4 / std::stod(seconds.at(0))));
  EXPECT_FLOAT_EQ(speeds[1].second, static_cast<float>(8 / std::stod(seconds.at(1))));
}

TEST_F(TensorBoardTest, ARunThatWasStoppedHasNoEnd) {
  std::atomic<int> stop{0};
  observer_.stop_signal = &stop;
  observer_.epoch = [&](const EpochReport& epoch) { stop = epoch.epoch == 2; };
  EXPECT_EQ(run(watched(config(0.5)), "run").stopped_by, "signal");
  EXPECT_FALSE(events_of("run").back().ends);
  EXPECT_EQ(events_of("run").back().step, 2);
}

TEST_F(TensorBoardTest, BeginsWithItsVersionAndTheSettingsThatWereGiven) {
  run(watched(config(0.5)), "run");
  const std::vector<Event> events = events_of("run");
  ASSERT_EQ(events.size(), 2u + 4 + 1);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_EQ(events[1].settings.at("optimizer.lr"), "number 0.5");
  EXPECT_EQ(events[1].settings.at("optimizer.name"), "text sgd");
  EXPECT_FALSE(events[1].settings.contains("schedule.name")) << "a rule chose it";
  EXPECT_TRUE(events.back().ends);
  EXPECT_EQ(events.back().step, 4);
  EXPECT_NEAR(events.back().wall_time, events::wall_time(), 60);
  EXPECT_NEAR(events.back().end_time, events::wall_time(), 60);
}

TEST_F(TensorBoardTest, EveryEpochEndsWithAHistogramOfEachParameter) {
  Config c = watched(config(0.5));
  c.model.bias = true, c.model.bias_init = BiasInit::zero;
  c.train.epochs = 2;
  run(c, "run");
  std::vector<std::pair<std::int64_t, std::vector<double>>> weights;
  for (const Event& event : events_of("run")) {
    EXPECT_EQ(event.histograms.size(), event.scalars.contains("train/epoch") ? 2u : 0u);
    if (event.histograms.contains("parameters/layers.0.weight"))
      weights.emplace_back(event.step, event.histograms.at("parameters/layers.0.weight").moments);
  }
  ASSERT_EQ(weights.size(), 2u);
  // Weight and bias are 1/2 after the first step, which makes the error 0.
  EXPECT_EQ(weights[0], (std::pair<std::int64_t, std::vector<double>>{1, {0.5, 0.5, 1, 0.5, 0.25}}));
  EXPECT_EQ(weights[1].first, 2);
}

TEST_F(TensorBoardTest, ChangesNoBitOfARunAndIsNotThereWithoutTheSetting) {
  Config c = config(0.5);
  c.model.hidden = {3};
  const std::string bits = run(c, "plain").parameters_xxh3;
  EXPECT_EQ(run(watched(c), "watched").parameters_xxh3, bits);
  EXPECT_FALSE(path_exists(folder("plain")));
}

TEST_F(TensorBoardTest, AResumedRunGoesOnWithoutAStepTwice) {
  Config c = watched(config(0.5));
  c.train.log_every_steps = 1;
  c.train.max_steps = 2;
  run(c, "run");
  c.train.max_steps = 0, c.checkpoint.on_change = OnChange::allow;
  run(c, "run");
  EXPECT_THAT(files("run"), ElementsAre(kFirstFile, "events.out.tfevents.000000000002.thalweg"));
  const Points losses{{1, 0.5f}, {2, 0.125f}, {3, 0.03125f}, {4, 0.0078125f}};
  EXPECT_EQ(points("run", "step/loss"), losses);
  EXPECT_EQ(points("run", "train/loss"), losses);
  const std::vector<Event> events = events_of("run");
  const auto count = [&](const auto& is) { return std::count_if(events.begin(), events.end(), is); };
  EXPECT_EQ(count([](const Event& event) { return !event.settings.empty(); }), 1);
  EXPECT_EQ(count([](const Event& event) { return event.ends; }), 1) << "the run ended once";
  run(c, "run");
  EXPECT_EQ(points("run", "step/loss"), losses) << "a run that has ended takes no step";
}

TEST_F(TensorBoardTest, ARunThatStartsOverBeginsItsEventsAnew) {
  Config c = watched(config(0.5));
  run(c, "run");
  c.checkpoint.resume = "never";
  c.optimizer.lr = 1;
  run(c, "run");
  EXPECT_THAT(files("run"), ElementsAre(kFirstFile));
  EXPECT_EQ(points("run", "train/loss"), (Points{{1, 0.5f}, {2, 0}, {3, 0}, {4, 0}}));
  EXPECT_EQ(events_of("run")[1].settings.at("optimizer.lr"), "number 1");
}

TEST_F(TensorBoardTest, NeedsAFolderToWriteTo) {
  EXPECT_THAT(
      [&] { run(watched(config(0.5))); },
      testing::ThrowsMessage<ConfigError>("train.tensorboard = true needs a folder to write to: set out"));
}

/// Files of a log that had events of the steps 1 to 3, each with the end of an epoch.
class EventLogTest : public TensorBoardTest {
 protected:
  EventLogTest() {
    EventLog log = opened(0, false);
    EXPECT_TRUE(log.begins());
    for (std::int64_t step = 1; step <= 3; ++step)
      log.write(step, scalar("loss")), log.write(step, scalar("epoch"));
    events::Summary end;
    events::add_session_end(1, end);
    log.write(3, end);
  }
  EventLog opened(std::int64_t step, bool epoch_pending) const {
    return {folder("run"), step, epoch_pending, "epoch"};
  }
  static events::Summary scalar(const std::string& tag) {
    events::Summary summary;
    summary.add_scalar(tag, 1);
    return summary;
  }
  /// Steps and tags of the scalars: "1 loss".
  std::vector<std::string> heads() const {
    std::vector<std::string> heads;
    for (const Event& event : events_of("run"))
      for (const auto& [tag, value] : event.scalars) heads.push_back(std::to_string(event.step) + " " + tag);
    return heads;
  }
};

TEST_F(EventLogTest, DropsTheEventsAfterTheStepThatARunGoesOnFrom) {
  EXPECT_FALSE(opened(2, false).begins());
  EXPECT_THAT(heads(), ElementsAre("1 loss", "1 epoch", "2 loss", "2 epoch"));
}

TEST_F(EventLogTest, DropsTheEndOfAnEpochThatIsPending) {
  opened(2, true).write(2, scalar("epoch"));
  EXPECT_THAT(heads(), ElementsAre("1 loss", "1 epoch", "2 loss", "2 epoch"));
}

TEST_F(EventLogTest, DropsFilesThatBeginAfterTheStep) {
  opened(3, false).write(4, scalar("loss"));
  EXPECT_EQ(files("run").size(), 2u);
  opened(2, false).write(3, scalar("loss"));
  EXPECT_THAT(files("run"), ElementsAre(kFirstFile, "events.out.tfevents.000000000002.thalweg"));
  EXPECT_THAT(heads(), ElementsAre("1 loss", "1 epoch", "2 loss", "2 epoch", "3 loss"));
}

TEST_F(EventLogTest, GoesOnInTheFileOfTheSameStep) {
  opened(3, false).write(4, scalar("loss"));
  opened(3, false).write(4, scalar("other"));
  EXPECT_THAT(heads(), ElementsAre("1 loss", "1 epoch", "2 loss", "2 epoch", "3 loss", "3 epoch", "4 other"));
}

TEST_F(EventLogTest, DropsARecordThatAKillCutOffAndKeepsFilesOfOthers) {
  const std::string file = folder("run") + "/" + kFirstFile, whole = read_file(file);
  write_file_atomically(file, whole.substr(0, whole.size() - 1));
  write_file_atomically(folder("run") + "/notes.txt", "mine");
  write_file_atomically(folder("run") + "/events.out.tfevents.1.other", "theirs");
  opened(3, false);
  EXPECT_EQ(heads().size(), 6u);
  opened(0, false);
  EXPECT_THAT(heads(), ElementsAre());
  EXPECT_EQ(read_file(folder("run") + "/notes.txt"), "mine");
  EXPECT_EQ(read_file(folder("run") + "/events.out.tfevents.1.other"), "theirs");
}

TEST_F(EventLogTest, AFullDiskIsAnError) {
  EventLog log = opened(3, false);
  const FaultyFiles full({.op = FileOp::write, .at = 0, .error = ENOSPC});
  EXPECT_THROW(log.write(4, scalar("loss")), IoError);
}

}  // namespace
}  // namespace thalweg::test
