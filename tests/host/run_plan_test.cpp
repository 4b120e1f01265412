#include "host/run/run_plan.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

constexpr std::int64_t kBatches = 10;  // in an epoch
constexpr double kWork = 3e9;          // of one

Config config_of(std::int64_t epochs, std::int64_t max_steps = 0) {
  Config config;
  config.train.epochs = epochs;
  config.train.max_steps = max_steps;
  config.checkpoint.every_epochs = config.checkpoint.every_steps = 0;
  return config;
}

TEST(RunPlan, EndsAfterTheEpochsOrTheStepsWhicheverComesFirst) {
  EXPECT_EQ(RunPlan(config_of(3), kBatches, kWork).total_steps(),
            30);  // the config lives as long as the expression
  EXPECT_EQ(RunPlan(config_of(3, 25), kBatches, kWork).total_steps(), 25);
  EXPECT_EQ(RunPlan(config_of(3, 100), kBatches, kWork).total_steps(), 30);
  EXPECT_EQ(RunPlan(config_of(3, 1), kBatches, kWork).total_steps(), 1);
}

TEST(RunPlan, KnowsWhichStepsEndAnEpoch) {
  const Config config = config_of(3);
  const RunPlan plan(config, kBatches, kWork);
  EXPECT_FALSE(plan.epoch_ends_at(0));
  EXPECT_FALSE(plan.epoch_ends_at(9));
  EXPECT_TRUE(plan.epoch_ends_at(10));
  EXPECT_EQ(plan.epochs_after(9), 0);
  EXPECT_EQ(plan.epochs_after(10), 1);
}

TEST(RunPlan, SavesByStepsAndByEpochs) {
  Config config = config_of(3);
  config.checkpoint.every_epochs = 2;
  config.checkpoint.every_steps = 7;
  const RunPlan plan(config, kBatches, kWork);
  for (std::int64_t step = 1; step <= 30; ++step)
    EXPECT_EQ(plan.saves_regularly_at(step), step % 7 == 0 || step == 20) << step;
  EXPECT_EQ(plan.last_regular_save(6), 0);
  EXPECT_EQ(plan.last_regular_save(7), 7);
  EXPECT_EQ(plan.last_regular_save(20), 20);
  EXPECT_EQ(plan.last_regular_save(27), 21);
}

TEST(RunPlan, SavesNoEpochAtZeroAndEachAtOne) {
  Config config = config_of(3);
  for (const std::int64_t every : {0, 1}) {
    config.checkpoint.every_epochs = every;
    const RunPlan plan(config, kBatches, 1e12);
    for (std::int64_t step = 0; step <= 30; ++step)
      EXPECT_EQ(plan.saves_regularly_at(step), every == 1 && step > 0 && step % 10 == 0) << step;
    EXPECT_EQ(plan.last_regular_save(29), 20 * every);
  }
}

TEST(RunPlan, SavesWhereAnEpochEndsButNotMoreOftenThanPays) {
  const Config config{};
  EXPECT_EQ(config.checkpoint.every_epochs, -1);
  for (const auto& [work, epochs] : {std::pair{1e12, 1}, {1e10, 1}, {9.9e9, 2}, {3e9, 4}, {1e4, 1000000}}) {
    const RunPlan plan(config, kBatches, work);
    const std::int64_t steps = epochs * kBatches;
    EXPECT_TRUE(plan.saves_regularly_at(steps)) << work;
    EXPECT_TRUE(plan.saves_regularly_at(3 * steps)) << work;
    EXPECT_FALSE(plan.saves_regularly_at(steps - kBatches) && epochs > 1) << work;
    EXPECT_FALSE(plan.saves_regularly_at(steps + 1)) << work;
    EXPECT_EQ(plan.last_regular_save(2 * steps - 1), steps) << work;
  }
}

TEST(RunPlan, ABurstEndsBeforeTheHostIsNeeded) {
  Config config = config_of(3, 25);
  config.checkpoint.every_steps = 7;
  const RunPlan plan(config, kBatches, kWork);
  EXPECT_EQ(plan.burst_length(0, 4), 4);    // the limit
  EXPECT_EQ(plan.burst_length(0, 32), 7);   // a checkpoint
  EXPECT_EQ(plan.burst_length(7, 32), 3);   // an epoch's end
  EXPECT_EQ(plan.burst_length(21, 32), 4);  // the end of the run
  EXPECT_EQ(plan.burst_length(24, 32), 1);
}

TEST(RunPlan, ABurstIsOneStepWhereTheGradientOfEachDecides) {
  Config config = config_of(3);
  config.train.gradient_tolerance = 1e-3;
  EXPECT_EQ(RunPlan(config, kBatches, kWork).burst_length(0, 32), 1);
}

TEST(RunPlan, NamesWhyARunIsOver) {
  Config config = config_of(3, 25);
  config.train.max_seconds = 60;
  config.train.gradient_tolerance = 1e-3;
  config.train.patience = 2;
  config.train.loss_tolerance = 1e-4;
  const RunPlan plan(config, kBatches, kWork);
  RunState state;
  state.step = 10;
  EXPECT_EQ(plan.stop_reason(state, 59), "");
  EXPECT_EQ(plan.stop_reason(state, 60), "time");
  state.small_changes = 4;
  EXPECT_EQ(plan.stop_reason(state, 0), "");
  state.small_changes = 5;
  EXPECT_EQ(plan.stop_reason(state, 0), "loss");
  state.epochs_without_improvement = 2;
  EXPECT_EQ(plan.stop_reason(state, 0), "patience");
  state.step = 11;
  EXPECT_EQ(plan.stop_reason(state, 0), "") << "both are looked at where an epoch ends";
  state.gradient_norm = 1e-4;
  EXPECT_EQ(plan.stop_reason(state, 0), "gradient");
  state.step = 25;
  EXPECT_EQ(plan.stop_reason(state, 0), "steps");
  EXPECT_EQ(RunPlan(config_of(2), kBatches, kWork).stop_reason(state, 0), "epochs");
}

TEST(RunPlan, GoesOnWhereTheGradientMeetsItsToleranceWithoutFallingBelow) {
  Config config = config_of(3);
  config.train.gradient_tolerance = 0.5;
  const RunPlan plan(config, kBatches, kWork);
  RunState state;
  state.step = 10, state.gradient_norm = 0.5;
  EXPECT_EQ(plan.stop_reason(state, 0), "");
  state.gradient_norm = 0.25;
  EXPECT_EQ(plan.stop_reason(state, 0), "gradient");
}

TEST(RunPlan, WithoutRulesEndsWithTheEpochsAlone) {
  const Config config = config_of(1, 1);
  RunState state;
  state.gradient_norm = 0, state.small_changes = 99, state.epochs_without_improvement = 99;
  EXPECT_EQ(RunPlan(config, kBatches, kWork).stop_reason(state, 1e9), "");
  state.step = 1;
  EXPECT_EQ(RunPlan(config, kBatches, kWork).stop_reason(state, 1e9), "steps");
  const Config epochs = config_of(2);
  state.step = 10;
  EXPECT_EQ(RunPlan(epochs, kBatches, kWork).stop_reason(state, 1e9), "");
}

TEST(RunPlan, KnowsTheRateOfAStep) {
  Config config = config_of(2);
  config.optimizer.lr = 8;
  config.schedule.name = ScheduleKind::polynomial;
  const RunPlan plan(config, kBatches, kWork);
  EXPECT_DOUBLE_EQ(plan.learning_rate(5, {}), 6);  // a quarter of 20 steps
  PlateauState plateau;
  plateau.factor = 0.5;
  EXPECT_DOUBLE_EQ(plan.learning_rate(5, plateau), 3);
  config.schedule.name = ScheduleKind::exponential;
  config.schedule.gamma = 0.25;
  EXPECT_DOUBLE_EQ(RunPlan(config, kBatches, kWork).learning_rate(5, {}), 4) << "a factor per epoch";
}

}  // namespace
}  // namespace thalweg
