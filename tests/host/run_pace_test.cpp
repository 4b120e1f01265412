// How fast a run is, from the lines of its log.
#include "host/report/run_pace.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace thalweg::report {
namespace {

/// Epochs of 100 steps that take 10 s.
std::string epoch(int number, const std::string& values, int seconds) {
  std::ostringstream line;
  line << R"({"step":)" << 100 * number << R"(,"epoch":)" << number << R"(,"seconds":)" << seconds << ","
       << values << "}\n";
  return line.str();
}

TEST(RunPace, IsThatOfTheNewestLines) {
  std::string log;
  for (int e = 1; e <= 30; ++e) log += epoch(e, R"("train.loss":1)", e <= 10 ? 10 * e : 100 + 20 * (e - 10));
  const RunPace pace = pace_of(parse_log(log));
  EXPECT_DOUBLE_EQ(pace.seconds, 500);
  EXPECT_DOUBLE_EQ(pace.steps_per_second, 5) << "the last 20 epochs took 20 s each";
  EXPECT_DOUBLE_EQ(pace.epoch_seconds, 20);
}

TEST(RunPace, ARunThatGoesOnCountsItsSecondsAnew) {
  const RunPace pace = pace_of(parse_log(epoch(1, R"("lr":1)", 10) + epoch(2, R"("lr":1)", 5)));
  EXPECT_DOUBLE_EQ(pace.seconds, 15);
  EXPECT_DOUBLE_EQ(pace.steps_per_second, 200.0 / 15);
  EXPECT_DOUBLE_EQ(pace.epoch_seconds, 5);
}

TEST(RunPace, LinesOfStepsCountAtTheirPlace) {
  const RunLog log = parse_log(R"({"step":50,"loss":1,"seconds":4})"
                               "\n" +
                               epoch(1, R"("lr":1)", 10) + R"({"step":150,"loss":0.5,"seconds":15})" + "\n");
  const RunPace pace = pace_of(log);
  EXPECT_DOUBLE_EQ(pace.seconds, 15);
  EXPECT_DOUBLE_EQ(pace.steps_per_second, 10);
  EXPECT_DOUBLE_EQ(pace.epoch_seconds, 10);
  EXPECT_EQ(newest_line(log), &log.steps.back());
  const RunLog even = parse_log(R"({"step":100,"loss":1,"seconds":4})"
                                "\n" +
                                epoch(1, R"("lr":1)", 10));
  EXPECT_EQ(newest_line(even), &even.epochs.back()) << "it is written behind the line of its last step";
}

TEST(RunPace, ALineWithoutItsTimeTellsNothing) {
  const RunPace pace = pace_of(parse_log(epoch(1, R"("lr":1)", 10) + "{\"step\":150,\"loss\":1}\n"));
  EXPECT_DOUBLE_EQ(pace.seconds, 10);
  EXPECT_DOUBLE_EQ(pace.steps_per_second, 10);
  const RunPace none = pace_of(parse_log(epoch(1, R"("lr":1)", 0)));
  EXPECT_TRUE(std::isnan(none.steps_per_second)) << "no time has passed";
}

TEST(RunPace, NothingIsKnownWithoutLines) {
  const RunPace pace = pace_of({});
  EXPECT_TRUE(std::isnan(pace.seconds) && std::isnan(pace.steps_per_second) &&
              std::isnan(pace.epoch_seconds));
  EXPECT_EQ(newest_line({}), nullptr);
}

}  // namespace
}  // namespace thalweg::report
