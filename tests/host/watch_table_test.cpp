// What `thalweg watch` says of several runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/made_glances.hpp"

namespace thalweg::cli {
namespace {

using report::RunGlance, report::RunStage;
using test::finished, test::running, test::lines_of;
using test::kPlain, test::kColoured;
using testing::HasSubstr;
using testing::Not;

TEST(WatchTable, SeveralRunsInAWindowOfEightyColumns) {
  const std::vector<RunGlance> runs{running(), finished()};
  EXPECT_EQ(runs_text(runs, {.columns = 80, .rows = 24}, kPlain),
            "run               epoch  train.loss  validation.auc  best at epoch    left\n"
            "runs/a  running     3/5        0.25           0.625      0.75 at 2    0:15\n"
            "runs/b  finished    2/2         0.5             0.5     0.875 at 1 *     -\n");
}

TEST(WatchTable, SeveralRunsInAWindowOfAHundredAndSixtyColumns) {
  const std::vector<RunGlance> runs{running(), finished()};
  EXPECT_EQ(
      runs_text(runs, {.columns = 160, .rows = 24}, kPlain),
      "run               epoch  train.loss  validation.auc  best at epoch        lr  samples/s  left\n"
      "runs/a  running     3/5        0.25           0.625      0.75 at 2    0.0625        640  0:15  ▁█▅\n"
      "runs/b  finished    2/2         0.5             0.5     0.875 at 1 *   0.125      1.3 k     -  █▁\n");
}

TEST(WatchTable, ColumnsGoInTheirOrderWhereThereIsLittleRoom) {
  const std::vector<RunGlance> runs{running(), finished()};
  const auto row = [&](int columns, std::size_t line) {
    return lines_of(runs_text(runs, {.columns = columns, .rows = 24}, kPlain))[line];
  };
  EXPECT_EQ(row(60, 0), "run               epoch  train.loss  best at epoch    left");
  EXPECT_EQ(row(60, 1), "runs/a  running     3/5        0.25      0.75 at 2    0:15");
  EXPECT_EQ(row(58, 1), "runs/a  running     3/5        0.25  0:15  ▁█▅");
  EXPECT_EQ(row(52, 1), "runs/a  running     3/5        0.25  0:15  ▁█▅") << "room for eight";
  EXPECT_EQ(row(51, 1), "runs/a  running     3/5        0.25  0:15");
  EXPECT_EQ(row(40, 1), "runs/a  running     3/5        0.25");
  EXPECT_EQ(row(30, 1), "runs/a  running     3/5");
  EXPECT_EQ(row(20, 1), "runs/a  running");
  EXPECT_EQ(row(12, 1), "runs/a");
  EXPECT_EQ(row(6, 1), ".../a");
  EXPECT_EQ(row(6, 0), "run");
}

TEST(WatchTable, LongNamesLoseTheirBegin) {
  std::vector<RunGlance> runs{running(), finished()};
  runs[0].run = std::string(10, 'a') + std::string(29, 'b');
  const std::string text = runs_text(runs, {.columns = 160, .rows = 24}, kPlain);
  EXPECT_THAT(text, HasSubstr("\n..." + std::string(29, 'b') + "  running "));
}

TEST(WatchTable, RunsThatWatchSeveralMetricsHaveNoBestOfAll) {
  std::vector<RunGlance> runs{running(), finished()};
  runs[1].watched = "validation.f1";
  const std::string text = runs_text(runs, {.columns = 160, .rows = 24}, kPlain);
  EXPECT_THAT(text, HasSubstr("  metric  "));
  EXPECT_THAT(text, Not(HasSubstr("*")));
  runs[1].watched = "";
  runs[1].best_epoch = 0;
  runs[1].best = std::nan("");
  EXPECT_THAT(runs_text(runs, {.columns = 160, .rows = 24}, kPlain), HasSubstr("0.75 at 2 *"));
}

TEST(WatchTable, TheSmallestLossIsTheBestOfAll) {
  std::vector<RunGlance> runs{running(), finished()};
  for (RunGlance& run : runs) run.watched = "validation.loss";
  EXPECT_THAT(runs_text(runs, {.columns = 160, .rows = 24}, kPlain), HasSubstr("0.75 at 2 *"));
}

TEST(WatchTable, ColumnsThatNoRunHasAreLeftOut) {
  RunGlance first{.run = "a", .stage = RunStage::waiting, .samples_per_second = 0},
      second{.run = "b", .stage = RunStage::waiting};
  EXPECT_EQ(runs_text(std::vector<RunGlance>{first, second}, {.columns = 80, .rows = 24}, kPlain),
            "run           epoch\n"
            "a    waiting      0\n"
            "b    waiting      0\n");
}

TEST(WatchTable, NoRunsAreNoText) { EXPECT_EQ(runs_text({}, {.columns = 80, .rows = 24}, kPlain), ""); }

TEST(WatchTable, ARunNamedAsNothingKeepsItsColumn) {
  const std::vector<RunGlance> runs{{.run = "-", .stage = RunStage::waiting}};
  EXPECT_EQ(runs_text(runs, {.columns = 80, .rows = 24}, kPlain),
            "run           epoch\n"
            "-    waiting      0\n");
}

TEST(WatchTable, ACurveWithoutValuesHasNoLastOne) {
  std::vector<RunGlance> runs{running(), finished()};
  runs[1].curves[0].values.clear();
  runs[1].curves[2].values.back() = std::nan("");
  EXPECT_THAT(lines_of(runs_text(runs, {.columns = 100, .rows = 24}, kPlain))[2],
              HasSubstr("runs/b  finished    2/2           -             0.5     0.875 at 1 *       -  "));
}

TEST(WatchTable, RunsThatHaveNoRoomAreCounted) {
  const std::vector<RunGlance> runs(9, finished());
  const auto lines = [&](int rows) {
    return lines_of(runs_text(runs, {.columns = 80, .rows = rows}, kPlain));
  };
  ASSERT_EQ(lines(11).size(), 10U);
  EXPECT_EQ(lines(11)[9].substr(0, 6), "runs/b");
  ASSERT_EQ(lines(10).size(), 9U);
  EXPECT_EQ(lines(10)[8], "... and 2 more runs");
  EXPECT_EQ(lines(10)[7].substr(0, 6), "runs/b");
}

}  // namespace
}  // namespace thalweg::cli
