// A run that several ranks share, here threads over a transport in memory: what each does and says.
#include "host/run/train_as_rank.hpp"

#include <gmock/gmock.h>

#include <atomic>

#include "host/checkpoint/files.hpp"
#include "host/run/run_ranks.hpp"
#include "tests/support/files.hpp"
#include "tests/support/memory_transport.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/training_run_support.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;

/// Calls body(its end) on a thread per rank; what each threw, or "".
std::vector<std::string> on_ranks(int count, const std::function<void(ProcessRanks&)>& body) {
  const auto board = std::make_shared<MessageBoard>();
  std::vector<std::string> thrown(static_cast<std::size_t>(count));
  on_threads(count, [&](int rank) {
    try {
      ProcessRanks ends(std::make_unique<MemoryTransport>(board, rank, count), {1min, 1min});
      body(ends);
    } catch (const Error& error) {
      thrown[static_cast<std::size_t>(rank)] = error.what();
    }
  });
  return thrown;
}

class SharedRun : public TrainingRunTest {
 protected:
  struct Shared {
    std::vector<TrainReport> reports;
    std::vector<std::string> thrown, messages;
  };

  /// `change` makes the config of a rank its own.
  Shared shared(int count, Config c, const std::string& name,
                const std::function<void(int rank, Config&)>& change = {}) {
    c.out = folder_.path(name);
    const auto size = static_cast<std::size_t>(count);
    Shared all{std::vector<TrainReport>(size), {}, std::vector<std::string>(size)};
    all.thrown = on_ranks(count, [&](ProcessRanks& ends) {
      const auto rank = static_cast<std::size_t>(ends.rank());
      Config own = c;
      if (change) change(ends.rank(), own);
      TrainObserver observer;
      observer.message = [&](const std::string& line) { all.messages[rank] += line + "\n"; };
      observer.stop_signal = &stops_[rank];
      observer.progress = [&](const Progress& progress) {
        if (progress.step == stop_at_) stops_[stopping_rank_] = 1;
      };
      all.reports[rank] = train_as_rank(own, observer, ends);
    });
    return all;
  }

  std::atomic<int> stops_[4] = {};
  std::int64_t stop_at_ = -1;
  std::size_t stopping_rank_ = 0;
};

/// States of several segments, of which each rank has some.
Config adam(Config c) {
  c.model.bias = true;
  c.model.hidden = {8};
  c.optimizer.name = Rule::adam;
  c.optimizer.lr = 0.0625;
  c.optimizer.average = Averaging::ema;
  c.train.batch_size = 8;
  c.train.epochs = 5;
  return c;
}

TEST_F(SharedRun, HasTheModelTheLogAndTheCheckpointsOfOneProcess) {
  Config c = adam(validated(0.5));
  c.train.patience = 2;
  const TrainReport alone = run(c, "alone");
  const Shared three = shared(3, c, "three");
  EXPECT_THAT(three.thrown, Each(""));
  EXPECT_EQ(three.reports[0].parameters_xxh3, alone.parameters_xxh3);
  EXPECT_EQ(three.reports[0].validation->values, alone.validation->values);
  EXPECT_FALSE(three.reports[1].validation) << "rank 0 alone evaluates the trained model";
  for (const char* key : {"train.loss", "validation.loss"})
    EXPECT_EQ(logged("three", key), logged("alone", key));
  const std::string checkpoints = folder_.path("alone") + "/checkpoints/",
                    others = folder_.path("three") + "/checkpoints/";
  EXPECT_EQ(entries(others), entries(checkpoints));
  for (const std::string& step : entries(checkpoints)) {
    for (const char* file : {"/model.safetensors", "/state.safetensors"})
      EXPECT_EQ(read_file(others + step + file), read_file(checkpoints + step + file)) << step << file;
  }
  EXPECT_THAT(three.messages[0], HasSubstr("data: "));
  EXPECT_EQ(three.messages[1] + three.messages[2], "") << "rank 0 speaks for all";
}

TEST_F(SharedRun, StopsOnAllRanksAtOneStepWhereASignalReachesOne) {
  const Config c = adam(config(0.5, 32));
  const TrainReport whole = run(c, "whole");
  stop_at_ = 7, stopping_rank_ = 2;
  const Shared stopped = shared(3, c, "stopped");
  EXPECT_THAT(stopped.thrown, Each(""));
  for (const TrainReport& report : stopped.reports) {
    EXPECT_EQ(report.stopped_by, "signal");
    EXPECT_GE(report.steps, 7);
    EXPECT_EQ(report.steps, stopped.reports[0].steps);
  }
  for (std::atomic<int>& stop : stops_) stop = 0;
  stop_at_ = -1;
  const Shared resumed = shared(2, c, "stopped");
  EXPECT_THAT(resumed.thrown, Each(""));
  EXPECT_EQ(resumed.reports[0].parameters_xxh3, whole.parameters_xxh3);
  EXPECT_EQ(resumed.reports[1].steps, whole.steps);
  EXPECT_EQ(logged("stopped", "train.loss"), logged("whole", "train.loss"));
}

TEST_F(SharedRun, GoesOnWithTheStatesOfRank0) {
  Config c = adam(config(0.5, 32));
  c.train.max_steps = 6;
  run(c, "run");
  c.train.max_steps = 13;
  EXPECT_THAT(shared(3, c, "run").thrown, Each(""));
  c.train.max_steps = 20;
  const Shared ended = shared(2, c, "run");
  EXPECT_EQ(ended.reports[0].parameters_xxh3, run(c, "alone").parameters_xxh3);
  const Shared again = shared(4, c, "run");
  EXPECT_THAT(again.thrown, Each("")) << "a run that has ended has nothing to do on any rank";
  EXPECT_THAT(again.messages[0], HasSubstr("nothing to do"));
}

TEST_F(SharedRun, RefusesRanksThatDifferBeforeTheFirstStep) {
  const Shared two = shared(2, config(0.5), "two", [](int rank, Config& c) {
    if (rank == 1) c.train.batch_size = 2;
  });
  EXPECT_THAT(two.thrown, Each(HasSubstr("has train.batch_size = 2, and rank 0 (")));
  EXPECT_EQ(two.reports[0].steps, 0);
}

TEST_F(SharedRun, EndsOnAllRanksWhereOneFails) {
  const Shared two = shared(2, config(0.5), "two", [](int rank, Config& c) {
    if (rank == 1) c.data.train = "/nowhere.csv";
  });
  EXPECT_THAT(two.thrown[1], HasSubstr("/nowhere.csv"));
  EXPECT_THAT(two.thrown[0], HasSubstr("stopped: " + two.thrown[1]));
}

TEST_F(SharedRun, RefusesWhatProcessesCannotShare) {
  const auto refusal = [&](const std::function<void(Config&)>& change) {
    Config c = config(0.5);
    change(c);
    return shared(3, c, "refused").thrown[2];
  };
  EXPECT_THAT(refusal([](Config& c) { c.train.reduction_slices = 2; }),
              HasSubstr("3 processes share the run, but train.reduction_slices = 2: at most 2 ranks"));
  EXPECT_THAT(refusal([](Config& c) { c.train.ranks = 2; }),
              HasSubstr("train.ranks = 2: a process is one rank"));
  EXPECT_THAT(refusal([](Config& c) { c.data.folds = 2; }), HasSubstr("data.folds = 2"));
}

TEST(RunRanks, NameTheRanksWhoseParametersDifferFromMost) {
  const Config config;
  const TrainObserver observer;
  const auto compared = [&](std::vector<std::string> sums) {
    return on_ranks(3, [&](ProcessRanks& ends) {
      RunRanks(&ends, config, observer).require_equal_parameters(17, [&] {
        return sums[static_cast<std::size_t>(ends.rank())];
      });
    });
  };
  EXPECT_THAT(compared({"a", "a", "a"}), Each(""));
  EXPECT_THAT(compared({"b", "a", "a"}),
              Each(HasSubstr("after step 17 the parameters differ from those of most "
                             "ranks on rank 0 (")));
  EXPECT_THAT(compared({"a", "a", "b"}), Each(HasSubstr("ranks on rank 2 (")));
}

TEST(RunRanks, TakeTheClockAndTheWishesOfAll) {
  const Config config;
  std::atomic<int> save[2] = {0, 1};
  on_ranks(2, [&](ProcessRanks& ends) {
    TrainObserver observer;
    observer.save_signal = &save[ends.rank()];
    RunRanks ranks(&ends, config, observer);
    ranks.say(1, 10.0 + ends.rank());
    ends.meet();
    ranks.hear();
    EXPECT_EQ(ranks.seconds(99), 10.0) << "rank 0's";
    EXPECT_EQ(ranks.observer().save_signal->load(), 1);
    EXPECT_EQ(ranks.observer().stop_signal->load(), 0);
    EXPECT_EQ(save[ends.rank()].load(), 0) << "it is told once";
    EXPECT_EQ(ranks.threads(5), 5);
    EXPECT_GE(ranks.threads(0), 1);
  });
}

}  // namespace
}  // namespace thalweg::test
