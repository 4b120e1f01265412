#include "thalweg/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/json_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Both sides compute in double; PyTorch multiplies its way from step to step, which costs an ulp or two
/// each.
constexpr double kRelative = 1e-13;

ScheduleConfig named(ScheduleKind name) {
  ScheduleConfig schedule;
  schedule.name = name;
  return schedule;
}

TEST(Schedule, ACosineOverTheWholeRunStaysDownAfterIt) {
  ScheduleConfig schedule;
  schedule.name = ScheduleKind::cosine;
  schedule.min_lr = 0.25;
  EXPECT_EQ(scheduled_lr(schedule, 1.0, {10, 5}, 10), 0.25);
  EXPECT_EQ(scheduled_lr(schedule, 1.0, {10, 5}, 15), 0.25);
}

TEST(Schedule, FollowsTheRatesThatPytorchRecorded) {
  const auto recorded = test::read_test_data("pytorch_schedules.json");
  const double lr = recorded.at("lr");
  int checked = 0;
  for (const auto& [name, entry] : recorded.items()) {
    if (!entry.is_object() || name == "plateau") continue;
    const auto schedule = test::section_from_json<ScheduleConfig>(entry.at("settings"));
    const ScheduleContext run{.total_steps = entry.at("total_steps"), .steps_per_epoch = 1};
    const std::vector<double> rates = entry.at("rates");
    for (std::size_t step = 0; step < rates.size(); ++step) {
      EXPECT_NEAR(scheduled_lr(schedule, lr, run, static_cast<std::int64_t>(step)), rates[step],
                  kRelative * lr)
          << name << ", step " << step;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 9 * 40);
}

TEST(Schedule, PlateauLowersTheRateWhenPytorchDoes) {
  const auto recorded = test::read_test_data("pytorch_schedules.json");
  const auto& entry = recorded.at("plateau");
  const auto schedule = test::section_from_json<ScheduleConfig>(entry.at("settings"));
  const double base = recorded.at("lr");
  PlateauState state;
  const std::vector<double> metrics = entry.at("metrics"), rates = entry.at("rates");
  for (std::size_t epoch = 0; epoch < metrics.size(); ++epoch) {
    plateau_epoch_end(schedule, metrics[epoch], state);
    const double scheduled = scheduled_lr(schedule, base, {}, static_cast<std::int64_t>(epoch));
    EXPECT_NEAR(plateau_lr(schedule, scheduled, state), rates[epoch], kRelative * base) << "epoch " << epoch;
  }
  EXPECT_EQ(rates.back(), schedule.min_lr) << "the record reaches the floor";
}

TEST(Schedule, PlateauCountsAnEpochWithoutANumberAsABadOne) {
  auto schedule = named(ScheduleKind::plateau);
  schedule.patience = 1;
  PlateauState state;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (double metric : {nan, 1.0, nan, nan}) plateau_epoch_end(schedule, metric, state);
  EXPECT_EQ(state.best, 1.0);
  EXPECT_EQ(state.factor, schedule.gamma);
}

TEST(Schedule, APlateauWantsMoreThanItsThreshold) {
  auto schedule = named(ScheduleKind::plateau);
  schedule.threshold = 0.5;
  PlateauState state;
  plateau_epoch_end(schedule, 4, state);
  plateau_epoch_end(schedule, 2, state);
  EXPECT_EQ(state.best, 4) << "half is not less than half";
  EXPECT_EQ(state.bad_epochs, 1);
  plateau_epoch_end(schedule, 1.5, state);
  EXPECT_EQ(state.best, 1.5);
  EXPECT_EQ(state.bad_epochs, 0);
}

TEST(Schedule, FloorOfThePlateauNeverRaisesTheRate) {
  auto schedule = named(ScheduleKind::plateau);
  schedule.min_lr = 0.1;
  EXPECT_EQ(plateau_lr(schedule, 0.05, PlateauState{.factor = 0.1}), 0.05);
}

TEST(Schedule, InverseTimeHalvesAtOneOverDecay) {
  auto schedule = named(ScheduleKind::inverse_time);
  schedule.decay = 0.25;
  EXPECT_EQ(scheduled_lr(schedule, 2.0, {}, 0), 2.0);
  EXPECT_EQ(scheduled_lr(schedule, 2.0, {}, 4), 1.0);
  EXPECT_EQ(scheduled_lr(schedule, 2.0, {}, 12), 0.5);
}

TEST(Schedule, StepAndExponentialCountInEpochsUnlessToldOtherwise) {
  const ScheduleContext run{.total_steps = 30, .steps_per_epoch = 10};
  for (const ScheduleKind name : {ScheduleKind::step, ScheduleKind::exponential}) {
    auto schedule = named(name);
    schedule.gamma = 0.5;
    EXPECT_EQ(scheduled_lr(schedule, 1.0, run, 20), 0.25) << name_of(name);
  }
  auto drops = named(ScheduleKind::step);
  EXPECT_EQ(scheduled_lr(drops, 1.0, run, 9), 1.0);
}

TEST(Schedule, WarmUpRisesToTheScheduleAndMeetsItWithoutAJump) {
  for (const ScheduleKind name :
       {ScheduleKind::constant, ScheduleKind::inverse_time, ScheduleKind::step, ScheduleKind::exponential,
        ScheduleKind::polynomial, ScheduleKind::cosine, ScheduleKind::one_cycle, ScheduleKind::plateau}) {
    auto schedule = named(name);
    schedule.warmup_steps = 10;
    schedule.warmup_start = 0.5;
    schedule.step_size = 1000;
    const ScheduleContext run{.total_steps = 110, .steps_per_epoch = 1};
    auto plain = named(name);
    plain.step_size = 1000;
    const double first = scheduled_lr(plain, 1.0, {.total_steps = 100}, 0);
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, run, 0), 0.5 * first) << name_of(name);
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, run, 5), 0.75 * first) << name_of(name);
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, run, 10), first) << name_of(name);
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, run, 60), scheduled_lr(plain, 1.0, {.total_steps = 100}, 50))
        << name_of(name);
  }
}

TEST(Schedule, FloorsHoldAfterTheEndOfTheRun) {
  for (const ScheduleKind name : {ScheduleKind::polynomial, ScheduleKind::cosine}) {
    auto schedule = named(name);
    schedule.min_lr = 0.125;
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, {.total_steps = 8}, 8), 0.125) << name_of(name);
    EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 1.0, {.total_steps = 8}, 1000), 0.125) << name_of(name);
  }
}

TEST(Schedule, RunsOfOneStepAreLegal) {
  for (const ScheduleKind name : {ScheduleKind::polynomial, ScheduleKind::cosine, ScheduleKind::one_cycle}) {
    const double rate = scheduled_lr(named(name), 1.0, {.total_steps = 1}, 0);
    EXPECT_TRUE(rate > 0.0 && rate <= 1.0) << name_of(name) << ": " << rate;
  }
}

TEST(Schedule, StepsOfOneDropTheRateInEachStep) {
  auto schedule = named(ScheduleKind::step);
  schedule.gamma = 0.5;
  schedule.step_size = 1;
  EXPECT_EQ(scheduled_lr(schedule, 8, {100, 10}, 3), 1);
  schedule.step_size = 2;
  EXPECT_EQ(scheduled_lr(schedule, 8, {100, 10}, 3), 4);
  schedule.name = ScheduleKind::exponential;
  EXPECT_DOUBLE_EQ(scheduled_lr(schedule, 8, {100, 10}, 4), 2);
}

TEST(Schedule, ShrinkingCyclesAreRefused) {
  auto schedule = named(ScheduleKind::cosine);
  schedule.cycle_steps = 4;
  schedule.cycle_factor = 0.5;
  EXPECT_THROW(scheduled_lr(schedule, 1.0, {}, 100), ConfigError);
}

}  // namespace
}  // namespace thalweg
