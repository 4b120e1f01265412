// How `thalweg bench` takes its measurements, on cases and limits that are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "host/bench/bench.hpp"
#include "host/bench/made_data.hpp"
#include "host/bench/training_loop.hpp"
#include "host/bench/workloads.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/update/update.hpp"

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

/// Twelve naps of one millisecond would do. A fifth more are planned: 14, where each nap takes just that
/// long.
TEST(BenchProtocol, NoMoreThanAFifthMoreRunsAreTakenThanTheTimeNeeds) {
  int runs = 0;
  Case subject = counting_case(runs);
  subject.run = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
  const std::int64_t taken = measure({subject}, {.repetitions = 1, .seconds = 0.012})[0].runs;
  EXPECT_LE(taken, 14);
  EXPECT_GE(taken, 2);
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

TEST(BenchProtocol, ALimitKnowsTheMostAndTheUsualOfItsRates) {
  std::vector<double> rates{4, 1, 3};
  Limit limit("made up", [&] {
    const double rate = rates.back();
    rates.pop_back();
    return rate;
  });
  EXPECT_EQ(limit.usual(), 0);
  for (const double rate : {3.0, 1.0, 4.0}) EXPECT_EQ(limit.rate(), rate);
  EXPECT_EQ(limit.best(), 4);
  EXPECT_EQ(limit.usual(), 3);
  limit.expect(2);
  EXPECT_EQ(limit.usual(), 3);
  limit.expect(5);
  EXPECT_EQ(limit.usual(), 5);
  EXPECT_EQ(limit.best(), 4) << "which was measured";
}

TEST(BenchProtocol, ATimedLimitIsItsAmountOverItsTime) {
  const auto limit =
      timed_limit("nap", 10, [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
  EXPECT_EQ(limit->name(), "nap");
  EXPECT_EQ(limit->amount(), 10);
  EXPECT_LE(limit->rate(), 10 / 0.002);
  EXPECT_GT(limit->rate(), 0);
}

TEST(BenchProtocol, AShapeIsNumbersWithTheirNamesAndWordsAlone) {
  EXPECT_EQ(shape_text({}), "");
  EXPECT_EQ(shape_text({{"batch", std::int64_t{256}}, {"order", "shuffled"}, {"rows", std::int64_t{-1}}}),
            "batch=256 shuffled rows=-1");
}

/// Rates 9 before and 11 after: a mean of 10, to which half of the sum and no end is equal.
TEST(BenchProtocol, TheRateOfARepetitionIsTheMeanOfBothSides) {
  int calls = 0, runs = 0;
  const auto limit = std::make_shared<Limit>("made up", [&] { return ++calls % 2 == 1 ? 9.0 : 11.0; });
  const Timing timing = measure({counting_case(runs, limit)}, kQuick)[0];
  EXPECT_EQ(timing.limit_rate, 10.0);
  EXPECT_FALSE(timing.disturbed);
  EXPECT_EQ(calls, 10) << "on both sides of each of five";
}

TEST(BenchProtocol, ADropCountsBeforeAndAfterAndBeginsAtFifteenPercent) {
  for (const auto& [low, drops] : {std::pair{86.0, false}, {84.0, true}}) {
    for (const int side : {0, 1}) {
      int calls = 0, runs = 0;
      const auto limit =
          std::make_shared<Limit>("made up", [&, low = low] { return calls++ % 2 == side ? low : 100.0; });
      limit->expect(100);
      EXPECT_EQ(measure({counting_case(runs, limit)}, kQuick)[0].disturbed, drops) << low << " " << side;
    }
  }
}

/// Calls 0 and 1 stand around the first repetition: of four, two are calm at most.
TEST(BenchProtocol, HalfOfTheRepetitionsHaveToBeCalm) {
  for (const auto& [slow, disturbed] : {std::pair{4, false}, {6, true}}) {
    int calls = 0, runs = 0;
    const auto limit =
        std::make_shared<Limit>("made up", [&, slow = slow] { return calls++ % 8 < slow ? 50.0 : 100.0; });
    limit->expect(100);
    const Case subject = counting_case(runs, limit);
    Stopwatch watch(subject, kQuick);
    for (int r = 0; r < 4; ++r) watch.repetition();
    EXPECT_EQ(watch.timing().disturbed, disturbed) << slow;
    EXPECT_EQ(watch.timing().limit_rate, disturbed ? 50.0 : 100.0) << slow;
  }
}

TEST(BenchProtocol, TheSpreadIsTheDistanceOfTheQuartilesOverTheMedian) {
  int runs = 0;
  const Timing timing = measure({counting_case(runs)}, kQuick)[0];
  std::vector<double> sorted = timing.seconds;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(timing.median, sorted[2]);
  EXPECT_DOUBLE_EQ(timing.spread, (sorted[3] - sorted[1]) / sorted[2]);
}

TEST(BenchProtocol, RepetitionsOnRequestLeaveTheLimitAlone) {
  int calls = 0, runs = 0;
  const auto limit = std::make_shared<Limit>("made up", [&] { return ++calls, 1.0; });
  const Case subject = counting_case(runs, limit);
  Stopwatch watch(subject, kQuick, /*beside_limit=*/false);
  watch.repetition();
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(watch.timing().limit_rate, 0);
}

TEST(BenchProtocol, CasesTakeTurnsThereAndBackFourTimesAsOften) {
  std::string order;
  const auto subject = [&](char name) {
    return Case{.workload = "w", .run = [&order, name] { order += name; }, .finish = [] {}};
  };
  measure({subject('a'), subject('b'), subject('c')}, {.repetitions = 1, .seconds = 0});
  EXPECT_EQ(order,
            "aabbcc"
            "abc"
            "cba"
            "abc"
            "cba");  // two of each to warm up
}

TEST(BenchProtocol, TheRatioOfASlowCaseIsAboveOne) {
  Case quick{.workload = "w", .run = [] {}, .finish = [] {}}, slow = quick;
  slow.run = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
  EXPECT_GT(measure({quick, slow}, {.repetitions = 1, .seconds = 0})[1].ratio_to_first, 1);
}

/// The first numbers of SplitMix64 with seed 0 are e220a8397b1dcdaf, 6e789e6aa1b965f4 and 06c45d188009454f
/// (Vigna's splitmix64.c); a number is 2^-23 times its upper 24 bits less 1.
TEST(BenchData, NumbersAreThoseOfSplitMix) {
  EXPECT_EQ(uniform(0, 1), 0xe220a8 * 0x1p-23f - 1);
  EXPECT_EQ(uniform(0, 2), 0x6e789e * 0x1p-23f - 1);
  EXPECT_EQ(uniform(0, 3), 0x06c45d * 0x1p-23f - 1);
}

TEST(BenchData, ManyNumbersAreThoseOfTheirPlaces) {
  const Context ctx({.device = "cpu", .threads = 2});
  const std::int64_t count = (1 << 16) + 3;  // of two tasks
  const std::vector<float> values = uniform_floats(ctx, 5, count);
  ASSERT_EQ(values.size(), static_cast<std::size_t>(count));
  for (const std::int64_t i : {0, 1, 65535, 65536, 65538})
    EXPECT_EQ(values[static_cast<std::size_t>(i)], uniform(5, static_cast<std::uint64_t>(i))) << i;
}

/// In [-1, 1) with mean 0 and variance 1/3: of 10^5 numbers within five standard errors.
TEST(BenchData, NumbersAreUniform) {
  const Context ctx({.device = "cpu", .threads = 1});
  const std::vector<float> values = uniform_floats(ctx, 7, 100'000);
  double sum = 0, squares = 0;
  for (const float value : values) {
    EXPECT_TRUE(value >= -1 && value < 1);
    sum += value, squares += static_cast<double>(value) * value;
  }
  EXPECT_NEAR(sum / 1e5, 0, 5 * std::sqrt(1.0 / 3 / 1e5));
  EXPECT_NEAR(squares / 1e5, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / 1e5));
}

TEST(BenchData, DenseRowsSayWhatTheyAre) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_dense(ctx, 70, 11, 3);
  EXPECT_EQ(data.rows, 70);
  EXPECT_EQ(data.features, 11);
  EXPECT_FALSE(data.sparse);
  EXPECT_EQ(data.target_kind, TargetKind::classes);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(data.source, "made data");
  EXPECT_EQ(data.dense_f32, uniform_floats(ctx, 1, 770));
}

/// The class of the largest of three scores, whose weights are numbers, too.
TEST(BenchData, OfManyClassesARowHasThatOfItsLargestScore) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_dense(ctx, 300, 5, 3);
  const std::vector<float> weight = uniform_floats(ctx, 2, 15);
  for (std::size_t n = 0; n < 300; ++n) {
    std::size_t best = 0;
    double scores[3] = {};
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t j = 0; j < 5; ++j)
        scores[c] += static_cast<double>(data.dense_f32[5 * n + j]) * weight[5 * c + j];
      if (scores[c] > scores[best]) best = c;
    }
    ASSERT_EQ(data.target[n], static_cast<float>(best)) << n;
  }
}

/// A share of rows whose label the model's sign gives, of labels drawn with probability 1 / (1 + exp(-s)):
/// s has about deviation 6 / 3 (products of uniform numbers), so that it is about 4/5.
TEST(BenchData, TwoClassesAreDrawnByALogisticModel) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_dense(ctx, 4000, 100, 2);
  const std::vector<float> weight = uniform_floats(ctx, 2, 100);
  double likelihood = 0, agree = 0;
  for (std::size_t n = 0; n < 4000; ++n) {
    double score = 0;
    for (std::size_t j = 0; j < 100; ++j)
      score += 0.6 * static_cast<double>(data.dense_f32[100 * n + j]) * weight[j];  // 6 / sqrt(100)
    const double sign = data.target[n] == 1 ? 1 : -1;
    likelihood += std::log1p(std::exp(-sign * score)) - [](double p) {
      return -p * std::log(p) - (1 - p) * std::log1p(-p);
    }(1 / (1 + std::exp(-score)));
    agree += sign * score > 0 ? 1 : 0;
  }
  EXPECT_NEAR(likelihood / 4000, 0, 5 * 0.7 / std::sqrt(4000.0)) << "the labels' entropy is the model's";
  EXPECT_GT(agree / 4000, 0.7);
  EXPECT_LT(agree / 4000, 0.9);
}

TEST(BenchData, SparseRowsSayWhatTheyAre) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_sparse(ctx, 50, 40, 4);
  EXPECT_TRUE(data.sparse);
  EXPECT_EQ(data.features, 40);
  EXPECT_EQ(data.classes.size(), 2u);
  ASSERT_EQ(data.offsets.size(), 51u);
  for (std::size_t n = 0; n <= 50; ++n) EXPECT_EQ(data.offsets[n], static_cast<std::int64_t>(4 * n));
  ASSERT_EQ(data.values.size(), 200u);
  for (std::size_t e = 0; e < 200; ++e) {
    EXPECT_EQ(data.values[e], 0.5f * (1 + 0.5f * uniform(5, e))) << "1 / sqrt(4)";
    EXPECT_TRUE(data.columns[e] >= 0 && data.columns[e] < 40);
  }
}

TEST(BenchData, AllColumnsCanBeDrawn) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_sparse(ctx, 3, 6, 6);
  for (std::size_t e = 0; e < 18; ++e) EXPECT_EQ(data.columns[e], static_cast<std::int32_t>(e % 6));
}

/// Without learning every row costs ln 2.
TEST(BenchData, TheProgressiveLossIsTheMeanOverTheRowsOfAnEpoch) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset data = made_sparse(ctx, 130, 50, 5);
  LoopOptions loop;
  loop.learner.max_batch = 20;
  loop.lr = 1e-12;
  EXPECT_NEAR(progressive_loss(ctx, data, loop), std::log(2.0), 1e-6);
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
  loop.learner.optimizer.name = Rule::adagrad;
  loop.lr = 0.1;
  Model model(ctx, resolve_model({}, schema_of(data), 1));
  Learner learner(model, data, loop.learner);
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

/// Which figure reading is held against: operations that take a hundredth longer than it, or shorter.
void expect_read_at(const Machine& machine, std::int64_t working_set, double rate) {
  const double seconds = 1e9 / rate;
  for (const auto& [share, limit] : {std::pair{1.01, "fma"}, {0.99, "read"}}) {
    Case subject{.cost = {.flops = static_cast<std::int64_t>(share * seconds * machine.rate("fma")),
                          .bytes_read = 400'000'000,
                          .bytes_written = 600'000'000}};
    machine.bind(subject, working_set);
    EXPECT_EQ(subject.limit->name().substr(0, 4), std::string(limit).substr(0, 4)) << working_set;
  }
}

TEST(BenchLimits, AWorkingSetIsReadFromTheSmallestCacheThatHoldsIt) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Machine machine(ctx, {.repetitions = 1, .seconds = 0}, 1 << 20);
  std::int64_t held = 0;  // by the caches so far
  for (const MachineFigure& figure : machine.figures()) {
    if (!figure.name.starts_with("cache.") || 2 * figure.bytes <= held) continue;
    expect_read_at(machine, held + 1, figure.value);
    held = 2 * figure.bytes;
    expect_read_at(machine, held, figure.value);
  }
  expect_read_at(machine, held + 1, machine.rate("read"));
}

TEST(BenchLimits, ALimitOverTheMachinesMemoryIsExpectedToBeAsFastAsItsFigure) {
  const Context ctx({.device = "cpu", .threads = 1});
  const Machine machine(ctx, {.repetitions = 1, .seconds = 0}, 1 << 20);
  const auto expected = [&](std::int64_t flops, std::int64_t working_set) {
    Case subject{.cost = {.flops = flops, .bytes_read = 1000}};
    machine.bind(subject, working_set);
    return subject.limit->usual();  // the figure, or the usual rate since then where that is more
  };
  EXPECT_GE(expected(1'000'000'000, 1 << 20), machine.rate("fma"));
  EXPECT_GE(expected(0, 1 << 20), machine.rate("read"));
  EXPECT_GE(expected(0, 1 << 22), machine.rate("read"));
  EXPECT_EQ(expected(0, (1 << 20) - 1), 0) << "a cache may be faster";
}

TEST(BenchCost, IsThatOfTheOps) {
  ModelSpec spec;
  spec.schema.features = 7;
  spec.outputs = 1;
  const Cost linear = step_cost(spec, 10, Rule::sgd);
  EXPECT_EQ(linear.flops, dense_linear_step_cost(10, 7).flops + gradient_norm_cost(8).flops +
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
