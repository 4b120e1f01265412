#include "host/cli/progress.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace thalweg::cli {
namespace {

const Progress kHalfway{
    .step = 50, .total_steps = 100, .epoch = 3, .loss = 0.25, .samples_per_second = 1234, .seconds = 30};

TEST(Progress, TheBarSaysAllWhereThereIsRoom) {
  // 50 of 100 steps took 30 s, so as much is left; half of 24 places are filled
  EXPECT_EQ(bar_text(kHalfway, 80),
            "[############............]  50% epoch 3 loss 0.25 1.2 k samples/s 0:30 left");
}

TEST(Progress, ANarrowTerminalShowsLossAndPercentageLongest) {
  EXPECT_EQ(bar_text(kHalfway, 60), "[####....]  50% epoch 3 loss 0.25 1.2 k samples/s 0:30 left");
  EXPECT_EQ(bar_text(kHalfway, 40), "[##..]  50% epoch 3 loss 0.25 0:30 left");
  EXPECT_EQ(bar_text(kHalfway, 20), " 50% loss 0.25");
  EXPECT_EQ(bar_text(kHalfway, 10), " 50%");
}

TEST(Progress, ALineIsShorterThanItsTerminalIsWide) {
  Progress p = kHalfway;
  p.loss = -1.2345678e-30;
  p.epoch = 1'000'000'000;
  for (int columns = 1; columns < 300; ++columns) {
    const auto width = static_cast<std::size_t>(columns);
    ASSERT_LT(bar_text(p, columns).size(), width);
    ASSERT_LT(reading_text("data/a_long_name.csv", 5, 10, columns).size(), width);
  }
  EXPECT_EQ(bar_text(p, 0), "");
}

TEST(Progress, ANarrowTerminalShowsTheNameOfTheFileThatIsRead) {
  EXPECT_EQ(reading_text("data/a9a", 5, 10, 80), "reading data/a9a 50%");
  EXPECT_EQ(reading_text("data/a9a", 5, 10, 20), "reading a9a 50%");
  EXPECT_EQ(reading_text("data/a9a", 5, 10, 14), "reading 50%");
  EXPECT_EQ(reading_text("data/a9a", 7'000'000, 0, 80), "reading data/a9a 7 MB");
}

TEST(Progress, RowsOfWeightZeroHaveNoLoss) {
  Progress p = kHalfway;
  p.loss = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(bar_text(p, 20), "[##...]  50% loss -");
}

TEST(Progress, QuietSaysNothing) {
  std::ostringstream loud, quiet;
  ProgressPrinter(loud, false).message("device: cpu");
  ProgressPrinter(quiet, true).message("device: cpu");
  EXPECT_EQ(loud.str(), "device: cpu\n");
  EXPECT_EQ(quiet.str(), "");
}

}  // namespace
}  // namespace thalweg::cli
