// Batches whose loss is not finite: stopped at, passed over, or rolled back from; and the bits stay a
// function of config, data and seed, whatever interrupts the run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

#include "host/model/model_file.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

constexpr int kRows = 41;  // the last batch of an epoch is a short one

/// Each bad row has a target whose squared error overflows float32, and infinite is only its own batch's
/// loss.
std::string rows_with_bad_ones(const std::set<int>& bad) {
  std::string csv = "a,b,y\n";
  for (int i = 0; i < kRows; ++i) {
    const double target = bad.contains(i) ? 3e38 : 0.1 * i - 1;
    csv += std::to_string(i % 7) + "," + std::to_string(i % 3) + "," + std::to_string(target) + "\n";
  }
  return csv;
}

class Spike : public testing::Test {
 protected:
  Config config(SpikePolicy on_spike, const std::set<int>& bad = {5, 23}) {
    Config c;
    c.data.train = folder_.write("rows.csv", rows_with_bad_ones(bad));
    c.data.target = "y";
    c.data.standardize_target = Tristate::no;
    c.model.loss = Loss::squared;
    c.model.bias_init = BiasInit::zero;
    c.model.hidden = {5};
    c.model.normalization = Normalization::batch;
    c.optimizer.name = Rule::adam;
    c.optimizer.lr = 0.05;
    c.train.batch_size = 4;
    c.train.epochs = 3;
    c.train.on_spike = on_spike;
    c.checkpoint.every_steps = 3;
    c.checkpoint.every_epochs = 1;
    c.checkpoint.keep = 1;
    return c;
  }

  TrainReport run(Config c, const std::string& name) {
    c.out = folder_.path(name);
    TrainObserver observer;
    observer.message = [this](const std::string& text) { messages_ += text + "\n"; };
    return train(c, observer);
  }

  TemporaryFolder folder_;
  std::string messages_;
};

/// What the loop is meant to do, step by step with the public learner. `spike` is called for a batch that
/// diverged.
std::string parameters_by_hand(const Config& config, std::int64_t* spikes,
                               const std::function<void(Learner&, Model&)>& good_step,
                               const std::function<void(Learner&, Model&)>& spike) {
  const Context ctx({.device = config.device, .threads = static_cast<int>(config.train.threads)});
  const Dataset data = read_training_data(config.data, TargetUse::numbers);
  const auto seed = static_cast<std::uint64_t>(config.seed);
  Model model(ctx, resolve_model(config.model, schema_of(data), seed));
  Learner learner(model, data, {.optimizer = config.optimizer, .max_batch = config.train.batch_size});
  const EpochBatches batches(split_rows(data.rows, 0, seed).train, config.train.batch_size, seed, true,
                             false);
  good_step(learner, model);
  for (std::int64_t step = 0; step < config.train.epochs * batches.batches_per_epoch(); ++step) {
    const auto rows = batches.at_step(step).rows();
    try {
      learner.step(rows, config.optimizer.lr);
    } catch (const DivergedError&) {
      spike(learner, model);
      ++*spikes;
      learner.set_steps(step + 1);
    }
    good_step(learner, model);
  }
  return parameters_xxh3(model.parameters());
}

TEST_F(Spike, StopNamesTheRowAndSavesTheLastGoodStep) {
  const Config c = config(SpikePolicy::stop);
  try {
    run(c, "run");
    FAIL() << "did not stop";
  } catch (const DivergedError& error) {
    EXPECT_THAT(error.what(), HasSubstr("rows.csv"));
  }
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path("run") + "/checkpoints"));
}

TEST_F(Spike, SkipLeavesTheBatchOutAndNamesItsRows) {
  std::int64_t spikes = 0;
  const auto nothing = [](Learner&, Model&) {};
  const std::string expected = parameters_by_hand(config(SpikePolicy::skip), &spikes, nothing, nothing);
  EXPECT_GE(spikes, 3);
  const TrainReport report = run(config(SpikePolicy::skip), "run");
  EXPECT_EQ(report.parameters_xxh3, expected);
  EXPECT_EQ(report.steps, 3 * ((kRows + 3) / 4));
  EXPECT_TRUE(std::isfinite(report.train_loss));
  EXPECT_THAT(messages_, HasSubstr("rows.csv line 7"));  // row 5 behind a header
  EXPECT_THAT(messages_, HasSubstr("rows.csv line 25"));
  EXPECT_THAT(messages_, HasSubstr("on_spike = skip"));
  EXPECT_NE(run(config(SpikePolicy::skip, {5}), "other").parameters_xxh3, expected)
      << "the second bad row changed nothing";
}

TEST_F(Spike, RollbackGoesBackToTheLastCheckpointAndOnPastTheBatch) {
  const Config c = config(SpikePolicy::rollback);
  const std::int64_t per_epoch = (kRows + 3) / 4;
  std::vector<NamedTensor> parameters, buffers, states;
  const auto save = [&](Learner& learner, Model& model) {
    const std::int64_t step = learner.steps();
    if (step % c.checkpoint.every_steps != 0 && step % per_epoch != 0) return;
    parameters = model.parameters(), buffers = model.buffers(), states = learner.states();
  };
  const auto restore = [&](Learner& learner, Model& model) {
    model.set_parameters(parameters), model.set_buffers(buffers), learner.set_states(states);
  };
  std::int64_t spikes = 0;
  const std::string expected = parameters_by_hand(c, &spikes, save, restore);
  EXPECT_GE(spikes, 3);
  EXPECT_EQ(run(c, "run").parameters_xxh3, expected);
  EXPECT_THAT(messages_, HasSubstr("rolled back to"));
  EXPECT_NE(run(config(SpikePolicy::skip), "skipped").parameters_xxh3, expected)
      << "nothing was lost by rolling back";
}

TEST_F(Spike, InterruptionsAtEveryStepDoNotChangeABit) {
  for (const SpikePolicy how : {SpikePolicy::skip, SpikePolicy::rollback}) {
    const std::string whole = run(config(how), std::string("whole-").append(name_of(how))).parameters_xxh3;
    Config c = config(how);
    std::string last;
    for (c.train.max_steps = 1; c.train.max_steps <= 3 * ((kRows + 3) / 4); ++c.train.max_steps) {
      last = run(c, std::string("steps-").append(name_of(how))).parameters_xxh3;
    }
    EXPECT_EQ(last, whole) << name_of(how);
  }
}

TEST_F(Spike, ARunThatOnlyDivergesStopsInTheEnd) {
  std::set<int> all;
  for (int i = 0; i < kRows; ++i) all.insert(i);
  EXPECT_THROW(run(config(SpikePolicy::skip, all), "skip"), DivergedError);
  EXPECT_THROW(run(config(SpikePolicy::rollback, all), "rollback"), DivergedError);
}

TEST_F(Spike, ARunThatStoppedGoesOnUnderAnotherPolicy) {
  EXPECT_THROW(run(config(SpikePolicy::stop), "run"), DivergedError);
  const std::string skipped = run(config(SpikePolicy::skip), "whole").parameters_xxh3;
  EXPECT_EQ(run(config(SpikePolicy::skip), "run").parameters_xxh3, skipped);
  EXPECT_THROW(run(config(SpikePolicy::rollback), "run"), ConfigError)
      << "what was passed over cannot be rolled back";
}

TEST_F(Spike, RollbackWithoutAFolderIsAConfigError) {
  EXPECT_THROW(train(config(SpikePolicy::rollback)), ConfigError);
}

}  // namespace
}  // namespace thalweg::test
