// How `thalweg bench` takes its measurements, on cases and limits that are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/bench/bench.hpp"
#include "host/bench/made_data.hpp"
#include "host/bench/training_loop.hpp"
#include "host/bench/workloads.hpp"

namespace thalweg::bench {
namespace {

using testing::Each;
using testing::Gt;
using testing::SizeIs;

/// A case that counts its runs.
Case counting_case(int& runs, std::shared_ptr<Limit> limit = nullptr) {
  return {.workload = "counting",
          .limit_amount = 1,
          .limit = std::move(limit),
          .run = [&runs] { ++runs; },
          .finish = [] {}};
}

constexpr Protocol kQuick{.repetitions = 5, .seconds = 0};

TEST(BenchProtocol, QuantilesInterpolate) {
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile({4, 1, 2, 3}, 0.5), 2.5);
  EXPECT_EQ(quantile({1, 2, 3, 4, 5}, 0.25), 2);
  EXPECT_EQ(quantile({7}, 0.75), 7);
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(BenchProtocol, EveryRepetitionIsTimedAfterWarmingUp) {
  int runs = 0;
  const auto timings = measure({counting_case(runs)}, kQuick);
  ASSERT_THAT(timings, SizeIs(1));
  EXPECT_THAT(timings[0].seconds, SizeIs(5));
  EXPECT_EQ(runs, 2 + 5);
  EXPECT_FALSE(timings[0].disturbed);
  EXPECT_EQ(timings[0].percent_of_limit, 0);
}

TEST(BenchProtocol, RepetitionsLastAsLongAsAsked) {
  int runs = 0;
  const auto timings = measure({counting_case(runs)}, {.repetitions = 2, .seconds = 0.002});
  for (const double seconds : timings[0].seconds)
    EXPECT_GE(seconds * static_cast<double>(timings[0].runs), 0.0);
  EXPECT_GT(timings[0].runs, 1);
}

TEST(BenchProtocol, TheShareOfALimitIsItsTimeOverTheCases) {
  int runs = 0;
  const auto limit = std::make_shared<Limit>("made up", [] { return 4.0; });
  const Timing timing = measure({counting_case(runs, limit)}, kQuick)[0];
  EXPECT_EQ(timing.limit_rate, 4.0);
  std::vector<double> percent;
  for (const double seconds : timing.seconds) percent.push_back(100 * 1 / 4.0 / seconds);
  EXPECT_DOUBLE_EQ(timing.percent_of_limit, quantile(percent, 0.5));
}

TEST(BenchProtocol, RepetitionsBesideADropDoNotCount) {
  int calls = 0, runs = 0;
  // Around the second repetition the machine is twice as slow.
  const auto limit = std::make_shared<Limit>("made up", [&] { return ++calls == 3 ? 50.0 : 100.0; });
  const Timing timing = measure({counting_case(runs, limit)}, kQuick)[0];
  EXPECT_FALSE(timing.disturbed);
  EXPECT_THAT(timing.seconds, SizeIs(5));
  EXPECT_EQ(timing.limit_rate, 100.0);
}

TEST(BenchProtocol, AMachineThatStaysSlowerThanExpectedIsSaidToBeDisturbedAndTriedTwiceAsOften) {
  int runs = 0;
  const auto limit = std::make_shared<Limit>("made up", [] { return 50.0; });
  limit->expect(100);
  const Timing timing = measure({counting_case(runs, limit)}, kQuick)[0];
  EXPECT_TRUE(timing.disturbed);
  EXPECT_THAT(timing.seconds, SizeIs(10));
  EXPECT_EQ(timing.limit_rate, 50.0);
}

TEST(BenchProtocol, CasesTimedTogetherAreHeldAgainstTheFirst) {
  int first = 0, second = 0;
  const auto timings = measure({counting_case(first), counting_case(second)}, kQuick);
  EXPECT_EQ(timings[0].ratio_to_first, 0);
  EXPECT_GT(timings[1].ratio_to_first, 0);
  EXPECT_EQ(first, second);
}

TEST(BenchData, IsTheSameForAnyNumberOfThreads) {
  const Context one({.device = "cpu", .threads = 1}), three({.device = "cpu", .threads = 3});
  const Dataset a = made_dense(one, 700, 30, 5), b = made_dense(three, 700, 30, 5);
  EXPECT_EQ(a.dense_f32, b.dense_f32);
  EXPECT_EQ(a.target, b.target);
  const Dataset c = made_sparse(one, 700, 1000, 12), d = made_sparse(three, 700, 1000, 12);
  EXPECT_EQ(c.columns, d.columns);
  EXPECT_EQ(c.values, d.values);
  EXPECT_EQ(c.target, d.target);
}

TEST(BenchData, SparseColumnsAscendAndTheFirstAreTheMostFrequent) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_sparse(ctx, 500, 10000, 20);
  std::int64_t small = 0;
  for (std::size_t row = 0; row < 500; ++row) {
    for (std::size_t e = 20 * row; e < 20 * row + 20; ++e) {
      EXPECT_TRUE(e == 20 * row || data.columns[e - 1] < data.columns[e]);
      small += data.columns[e] < 100 ? 1 : 0;
    }
  }
  EXPECT_GT(small, 500 * 20 / 3);  // half of the draws of a Zipf law over 10^4, less the repeated ones
}

TEST(BenchData, BothClassesOccurAndCanBeLearnt) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_sparse(ctx, 2000, 500, 20);
  LoopOptions loop;
  loop.learner.max_batch = 100;
  loop.learner.optimizer.name = "adagrad";
  loop.lr = 0.1;
  Model model(ctx, resolve_model({}, schema_of(data), 1));
  Learner learner(ctx, model, data, loop.learner);
  std::vector<std::int64_t> rows(100);
  double first = 0, last = 0;
  for (std::int64_t step = 0; step < 400; ++step) {
    for (std::int64_t n = 0; n < 100; ++n) rows[static_cast<std::size_t>(n)] = (step * 100 + n) % 2000;
    const double loss = learner.step(rows, loop.lr).loss_sum / 100;
    if (step == 0) first = loss;
    last = loss;
  }
  EXPECT_NEAR(first, std::log(2.0), 1e-3);
  EXPECT_LT(last, 0.65);
}

TEST(BenchCheck, AGradientIsWithinTheBoundAndTheBoundIsSmall) {
  const Context ctx({.device = "cpu", .threads = 2});
  const Dataset data = made_dense(ctx, 64, 20, 4);
  LoopOptions loop;
  loop.model.hidden = {12};
  loop.learner.max_batch = 32;
  loop.learner.per_sample.statistics = true;
  const std::vector<Check> checks = check_gradient(ctx, data, loop);
  EXPECT_THAT(checks, SizeIs(1 + 4 + 1));  // loss, two weights, two biases, norms
  for (const Check& check : checks) {
    EXPECT_TRUE(check.passed()) << check.what;
    // The loss is one number, and may well be the float next to the reference's.
    if (check.what != "loss") {
      EXPECT_GT(check.error, 0) << check.what << ": nothing was compared";
    }
    EXPECT_LT(check.bound, 1e-3) << check.what;
  }
}

TEST(BenchCheck, NotANumberDoesNotPass) {
  EXPECT_FALSE((Check{"", std::nan(""), 1}).passed());
  EXPECT_FALSE((Check{"", 2, 1}).passed());
  EXPECT_TRUE((Check{"", 0, 0}).passed());
}

TEST(BenchLimits, EveryFigureOfTheCpuIsMeasured) {
  const Context ctx({.device = "cpu", .threads = 2});
  const Machine machine(ctx, {.repetitions = 1, .seconds = 0}, 1 << 20);
  for (const char* name : {"read", "copy", "copy.streaming", "triad", "update", "fma"})
    EXPECT_GT(machine.rate(name), 0) << name;
  EXPECT_EQ(machine.rate("launch"), 0);
}

TEST(BenchLimits, TheSlowerOfMemoryAndOperationsBinds) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Machine machine(ctx, {.repetitions = 1, .seconds = 0}, 1 << 20);
  Case streaming{.cost = {.flops = 1000, .bytes_read = 1'000'000'000}};
  machine.bind(streaming, 1 << 20);
  EXPECT_EQ(streaming.limit_amount, 1e9);
  Case computing{.cost = {.flops = 1'000'000'000'000, .bytes_read = 1000}};
  machine.bind(computing, 1 << 20);
  EXPECT_EQ(computing.limit->name(), "fma");
  EXPECT_EQ(computing.limit_amount, 1e12);
}

TEST(BenchCost, IsThatOfTheOps) {
  ModelSpec spec;
  spec.schema.features = 7;
  spec.outputs = 1;
  const Cost linear = step_cost(spec, 10, Rule::sgd);
  EXPECT_EQ(linear.flops, linear_model_step_cost(10, 7).flops + gradient_norm_cost(8).flops +
                              update_cost(Rule::sgd, 8).flops);
  spec.config.hidden = {5};
  spec.outputs = 3;
  const Cost network = step_cost(spec, 10, Rule::adam);
  EXPECT_EQ(network.flops, 2 * 2 * 10 * 7 * 5 + 10 * 5 + 3 * 2 * 10 * 5 * 3 + 10 * 3 + 2 * 10 * 5 +
                               softmax_cross_entropy_cost(10, 3).flops + gradient_norm_cost(58).flops +
                               update_cost(Rule::adam, 58).flops);
}

}  // namespace
}  // namespace thalweg::bench
