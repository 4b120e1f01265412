// Runs that change while they are looked at.
#include "host/report/run_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::report {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

std::string epoch(int number) {
  return "{\"step\":" + std::to_string(10 * number) + ",\"epoch\":" + std::to_string(number) +
         ",\"train.loss\":0.5,\"seconds\":" + std::to_string(number) + "}\n";
}

class Followed : public testing::Test {
 protected:
  void append(const std::string& text) const { std::ofstream(file_, std::ios::app) << text; }
  std::size_t epochs() {
    follower_.refresh(log_);
    return log_.epochs.size();
  }

  TemporaryFolder folder_;
  const std::string file_ = folder_.path("metrics.jsonl");
  LogFollower follower_{file_};
  RunLog log_;
};

TEST_F(Followed, ALogIsReadAsItGrows) {
  EXPECT_EQ(epochs(), 0U);
  EXPECT_FALSE(follower_.written_at());
  append(epoch(1));
  EXPECT_EQ(epochs(), 1U);
  append(epoch(2) + epoch(3) + "{\"step\":31,\"loss\":2}\n");
  EXPECT_EQ(epochs(), 3U);
  EXPECT_EQ(epochs(), 3U) << "nothing is read twice";
  EXPECT_EQ(log_.epochs[2].step, 30);
  EXPECT_EQ(log_.steps.size(), 1U);
  EXPECT_TRUE(follower_.written_at());
}

TEST_F(Followed, ALineWithoutItsEndWaitsForTheRest) {
  const std::string line = epoch(2);
  append(epoch(1) + line.substr(0, 9));
  EXPECT_EQ(epochs(), 1U);
  append(line.substr(9, 4));
  EXPECT_EQ(epochs(), 1U);
  append(line.substr(13) + "nonsense\n");
  EXPECT_EQ(epochs(), 2U);
  EXPECT_EQ(log_.damaged, 1) << "the half line was none";
}

TEST_F(Followed, AFileThatWasReplacedOrCutIsReadAnew) {
  append(epoch(1) + epoch(2) + "{\"st");
  ASSERT_EQ(epochs(), 2U);
  write_file_atomically(file_, epoch(1) + epoch(2) + epoch(3));  // longer than before
  EXPECT_EQ(epochs(), 3U);
  EXPECT_EQ(log_.damaged, 0);
  ASSERT_EQ(::truncate(file_.c_str(), static_cast<off_t>(epoch(1).size())), 0);
  EXPECT_EQ(epochs(), 1U);
  remove_path(file_);
  EXPECT_EQ(epochs(), 0U);
  EXPECT_FALSE(follower_.written_at());
}

TEST_F(Followed, WhatIsNoFileHoldsNobodyUp) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(epochs(), 0U);
  EXPECT_FALSE(follower_.written_at());
}

TEST_F(Followed, OldLinesOfStepsGoWhereTheyAreMany) {
  std::string lines;
  for (int step = 1; step <= 8193; ++step) lines += "{\"step\":" + std::to_string(step) + ",\"loss\":1}\n";
  append(lines);
  epochs();
  ASSERT_EQ(log_.steps.size(), 4225U) << "256, and half of the 7937 before them";
  EXPECT_EQ(log_.steps[0].step, 1);
  EXPECT_EQ(log_.steps[1].step, 3);
  EXPECT_EQ(log_.steps[4224].step, 8193);
  EXPECT_EQ(log_.steps[4223].step, 8192);
}

class Watched : public testing::Test {
 protected:
  std::string begin(const std::string& name, int last_epoch = 1) {
    create_folders(folder_.path(name));
    folder_.write(name + "/config.toml", "[train]\nepochs = 2\nbatch_size = 4\n");
    std::string log;
    for (int e = 1; e <= last_epoch; ++e) log += epoch(e);
    folder_.write(name + "/metrics.jsonl", log);
    return folder_.path(name);
  }
  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  /// "name: stage", a run each.
  std::vector<std::string> look(RunsWatcher& runs) const {
    std::vector<std::string> seen;
    for (const RunGlance& glance : runs.look(now()))
      seen.push_back(glance.run.substr(folder_.path("").size()) + ": " + std::string(name_of(glance.stage)));
    return seen;
  }

  TemporaryFolder folder_;
};

TEST_F(Watched, ARunIsSeenFromItsBeginToItsRemoval) {
  RunsWatcher runs({folder_.path("a")});
  EXPECT_THAT(look(runs), ElementsAre("a: waiting"));
  EXPECT_TRUE(runs.more_to_come());
  create_folders(folder_.path("a"));
  {
    const RunLock lock(folder_.path("a"), {});
    EXPECT_THAT(look(runs), ElementsAre("a: running"));
    begin("a");
    EXPECT_THAT(look(runs), ElementsAre("a: running"));
    EXPECT_TRUE(runs.more_to_come());
  }
  EXPECT_THAT(look(runs), ElementsAre("a: failed"));
  EXPECT_FALSE(runs.more_to_come());
  folder_.write("a/.lock", "pid 1");
  EXPECT_THAT(look(runs), ElementsAre("a: killed"));
  folder_.write("a/model.safetensors", "");
  EXPECT_THAT(look(runs), ElementsAre("a: stopped"));
  create_folders(folder_.path("a/checkpoints/step-000000020"));
  EXPECT_THAT(look(runs), ElementsAre("a: finished"));
  EXPECT_FALSE(runs.more_to_come());
  remove_path(folder_.path("a"));
  EXPECT_THAT(look(runs), ElementsAre("a: removed"));
  EXPECT_FALSE(runs.more_to_come());
}

std::string asked_of;  // the folder of the run
int asks;
std::unique_ptr<RunLock> begun;

/// The run begins right after the first answer, as one that had ended and goes on.
int free_at_first(int fd, int operation) {
  if ((operation & LOCK_SH) == 0 || asks++ > 0) return system_file_ops.flock(fd, operation);
  begun = std::make_unique<RunLock>(asked_of, nullptr);
  remove_path(join_path(asked_of, "model.safetensors"));
  return 0;
}

/// The run ends right after the first answer.
int taken_at_first(int fd, int operation) {
  if ((operation & LOCK_SH) == 0 || asks++ > 0) return system_file_ops.flock(fd, operation);
  errno = EWOULDBLOCK;
  return -1;
}

/// An epoch ends right before the second answer.
int logged_at_second(int fd, int operation) {
  if (++asks == 2) std::ofstream(join_path(asked_of, "metrics.jsonl"), std::ios::app) << epoch(2);
  return system_file_ops.flock(fd, operation);
}

FileOps asked_with(int (*flock)(int, int), const std::string& folder) {
  asked_of = folder;
  asks = 0;
  FileOps ops = system_file_ops;
  ops.flock = flock;
  return ops;
}

TEST_F(Watched, ARunThatBeginsDuringALookIsRunning) {
  const std::string run = begin("a", 2);
  folder_.write("a/model.safetensors", "");
  RunsWatcher runs({run});
  ASSERT_THAT(look(runs), ElementsAre("a: finished"));
  {
    const FileOps asked = asked_with(&free_at_first, run);
    const ScopedFileOps scope(asked);
    EXPECT_THAT(look(runs), ElementsAre("a: running"));
    EXPECT_TRUE(runs.more_to_come());
  }
  begun.reset();
  EXPECT_THAT(look(runs), ElementsAre("a: failed"));
}

TEST_F(Watched, ARunThatEndsDuringALookIsRunningOnceMore) {
  const std::string run = begin("a");
  folder_.write("a/.lock", "pid 1");
  RunsWatcher runs({run});
  const FileOps asked = asked_with(&taken_at_first, run);
  const ScopedFileOps scope(asked);
  EXPECT_THAT(look(runs), ElementsAre("a: running"));
  EXPECT_TRUE(runs.more_to_come());
  EXPECT_THAT(look(runs), ElementsAre("a: killed"));
}

TEST_F(Watched, TheLastAnswerOfTheLockComesAfterTheLog) {
  RunWatcher run(begin("a"));
  const FileOps asked = asked_with(&logged_at_second, run.folder());
  const ScopedFileOps scope(asked);
  EXPECT_EQ(run.look(now()).epoch, 1);
  EXPECT_EQ(asks, 2);
  EXPECT_EQ(run.look(now()).epoch, 2);
}

TEST_F(Watched, SilenceIsTheAgeOfTheLog) {
  RunWatcher run(begin("a"));
  struct stat status {};
  ASSERT_EQ(::stat(folder_.path("a/metrics.jsonl").c_str(), &status), 0);
  const double written =
      static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
  EXPECT_NEAR(run.look(written + 30).silence, 30, 1e-3);
  EXPECT_EQ(run.look(written - 5).silence, 0) << "clocks differ";
}

TEST_F(Watched, AFolderOfRunsIsItsRunsAlsoThoseThatComeLater) {
  RunsWatcher runs({folder_.path("all"), folder_.path("all/run-2")});
  EXPECT_THAT(look(runs), ElementsAre("all: waiting", "all/run-2: waiting"));
  begin("all/run-10");
  begin("all/run-2");
  EXPECT_THAT(look(runs), ElementsAre("all/run-2: failed", "all/run-10: failed"));
  begin("all/run-3");
  EXPECT_THAT(look(runs), ElementsAre("all/run-2: failed", "all/run-10: failed", "all/run-3: failed"));
  EXPECT_FALSE(runs.more_to_come());
  remove_path(folder_.path("all/run-10"));
  EXPECT_THAT(look(runs), ElementsAre("all/run-2: failed", "all/run-10: removed", "all/run-3: failed"));
}

TEST_F(Watched, FoldsThatAreStillToComeAreWaitedFor) {
  begin("folds/fold-0");
  RunsWatcher runs({folder_.path("folds")});
  {
    const RunLock lock(folder_.path("folds"), {});
    EXPECT_THAT(look(runs), ElementsAre("folds/fold-0: failed"));
    EXPECT_TRUE(runs.more_to_come());
  }
  look(runs);
  EXPECT_FALSE(runs.more_to_come());
}

TEST_F(Watched, AConfigThatCannotBeReadIsSaidAndWatchedOn) {
  const std::string run = begin("a");
  folder_.write("a/config.toml", "[train]\nepochz = 2\n");
  RunsWatcher runs({run});
  EXPECT_THAT(runs.look(now())[0].words, HasSubstr("epochz"));
  EXPECT_THAT(look(runs), ElementsAre("a: unknown"));
  EXPECT_TRUE(runs.more_to_come());
}

TEST_F(Watched, TheNewestCheckpointIsThatOfTheLargestStep) {
  EXPECT_EQ(newest_step(folder_.path("a/checkpoints")), 0);
  for (const char* name :
       {"step-000000007", "step-000000030", "step-000000009", "step-x", ".tmp-step-000000099"})
    create_folders(folder_.path(std::string("a/checkpoints/") + name));
  EXPECT_EQ(newest_step(folder_.path("a/checkpoints")), 30);
}

}  // namespace
}  // namespace thalweg::report
