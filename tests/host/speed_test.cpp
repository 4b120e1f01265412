// measure_speed on work whose time is known, and on work that is as fast as its limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <thread>

#include "host/bench/limits.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "thalweg/bench.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

const Context& cpu() { return test::context_of("cpu"); }

void wait_five_milliseconds() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

TEST(MeasureSpeed, TimesWorkWithoutALimitInAsManyRunsAsARepetitionTakes) {
  int runs = 0, waits = 0;
  const Work work{.run =
                      [&] {
                        ++runs;
                        wait_five_milliseconds();
                      },
                  .finish = [&] { ++waits; },
                  .repetitions = 3,
                  .seconds = 0.02};
  const Speed speed = measure_speed(cpu(), work);
  EXPECT_GE(speed.seconds, 0.005);
  EXPECT_LT(speed.seconds, 0.05);
  EXPECT_GE(speed.runs, 2);
  EXPECT_GE(runs, 2 + 3 * speed.runs) << "warmed up, then three repetitions";
  EXPECT_LT(waits, runs) << "once for the runs of a repetition";
  EXPECT_GE(waits, 3);
  EXPECT_EQ(speed.limit, "");
  EXPECT_EQ(speed.limit_rate, 0);
  EXPECT_EQ(speed.percent_of_limit, 0);
  EXPECT_FALSE(speed.disturbed);
}

TEST(MeasureSpeed, GivesTheMedianOfTheRepetitionsAndHowFarTheirQuartilesLieApart) {
  int run = 0;  // two to warm up, then 20, 40, 60, 80 and 100 ms: quartiles 40 and 80
  const auto longer = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * std::max(run++ - 1, 0)));
  };
  const Speed speed = measure_speed(cpu(), {.run = longer, .repetitions = 5, .seconds = 0});
  EXPECT_EQ(run, 7);
  EXPECT_EQ(speed.runs, 1);
  EXPECT_NEAR(speed.seconds, 0.06, 0.02);
  EXPECT_NEAR(speed.spread, 40 / 60.0, 0.3);
}

TEST(MeasureSpeed, ComparesWithTheLimitThatTakesLonger) {
  Work work{.run = wait_five_milliseconds, .repetitions = 1, .seconds = 0};
  work.bytes = 4 << 20, work.operations = 4;
  EXPECT_EQ(measure_speed(cpu(), work).limit, "read from cache");
  work.working_set = std::int64_t{256} << 20;
  EXPECT_EQ(measure_speed(cpu(), work).limit, "read");
  work.bytes = 4, work.working_set = 0, work.operations = 1'000'000'000;
  EXPECT_EQ(measure_speed(cpu(), work).limit, "fma");
}

TEST(MeasureSpeed, ComparesBytesOfAGpuWithItsCopiesAndOperationsWithItsMultiplyAdds) {
  for (const std::string& device : test::all_devices()) {
    if (device != "cuda") continue;
    Work work{.run = wait_five_milliseconds, .repetitions = 1, .seconds = 0};
    EXPECT_EQ(measure_speed(test::context_of(device), work).limit, "");
    work.operations = 1;
    EXPECT_EQ(measure_speed(test::context_of(device), work).limit, "fma");
    work.bytes = 1 << 20;
    const Speed speed = measure_speed(test::context_of(device), work);
    EXPECT_EQ(speed.limit, "copy");
    EXPECT_GT(speed.percent_of_limit, 0);
    EXPECT_LT(speed.percent_of_limit, 100);
  }
}

TEST(MeasureSpeed, GivesTheShareOfTheLimitInPercent) {
  Work work{.run = wait_five_milliseconds, .repetitions = 3, .seconds = 0};
  work.operations = 1'000'000;
  const Speed speed = measure_speed(cpu(), work);
  const double share = 100 * 1e6 / (speed.limit_rate * speed.seconds);
  EXPECT_GT(speed.percent_of_limit, 0.5 * share);
  EXPECT_LT(speed.percent_of_limit, 2 * share);
  EXPECT_LT(share, 10) << "a million operations take no core five milliseconds";
  EXPECT_GT(speed.limit_rate, 1e9);
}

TEST(MeasureSpeed, RefusesAnEmptyFunctionAndNumbersBelowTheirRange) {
  const Work good{.run = [] {}, .repetitions = 1, .seconds = 0};
  EXPECT_NO_THROW(measure_speed(cpu(), good));
  test::expect_error<UsageError>([] { measure_speed(cpu(), {.run = {}}); }, {"Work::run"});
  const auto refused = [&](const std::vector<std::string>& words, const auto& change) {
    Work work = good;
    change(work);
    test::expect_error<ConfigError>([&] { measure_speed(cpu(), work); }, words);
  };
  refused({"Work::bytes is -1", "0 or more"}, [](Work& w) { w.bytes = -1; });
  refused({"Work::operations is -1"}, [](Work& w) { w.operations = -1; });
  refused({"Work::working_set is -1"}, [](Work& w) { w.working_set = -1; });
  refused({"Work::repetitions is 0", "1 or more"}, [](Work& w) { w.repetitions = 0; });
  refused({"Work::seconds is nan"}, [](Work& w) { w.seconds = NAN; });
}

}  // namespace
}  // namespace thalweg
