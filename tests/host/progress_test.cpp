#include "host/cli/progress.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <iostream>
#include <limits>
#include <sstream>

#include "host/cli/model_data.hpp"
#include "tests/support/printing.hpp"
#include "tests/support/pseudo_terminal.hpp"

namespace thalweg::cli {
namespace {

using test::kHalfway;
using test::kOverTheLine;
using test::Printing;

TEST(Progress, TheBarSaysAllWhereThereIsRoom) {
  // 50 of 100 steps took 30 s, so as much is left; half of 24 places are filled
  EXPECT_EQ(bar_text(kHalfway, 100),
            "[############............]  50% epoch 3 loss 0.25 lr 0.01 1.2 k samples/s 0:30 left");
  EXPECT_EQ(bar_text(kHalfway, 80),
            "[##########..........]  50% epoch 3 loss 0.25 lr 0.01 1.2 k samples/s 0:30 left");
}

TEST(Progress, ANarrowTerminalShowsLossAndPercentageLongest) {
  EXPECT_EQ(bar_text(kHalfway, 60), " 50% epoch 3 loss 0.25 lr 0.01 1.2 k samples/s 0:30 left");
  EXPECT_EQ(bar_text(kHalfway, 56), "[##..]  50% epoch 3 loss 0.25 1.2 k samples/s 0:30 left");
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

TEST(Progress, ATerminalHasABarTenTimesASecond) {
  Printing printing(40);
  printing.wait(99);
  printing->update(kHalfway);
  EXPECT_EQ(printing.said(), "");
  printing.wait(1);
  printing->update(kHalfway);
  EXPECT_EQ(printing.said(), kOverTheLine + bar_text(kHalfway, 40));
  printing->update(kHalfway);
  printing.wait(99);
  printing->update(kHalfway);
  EXPECT_EQ(printing.said(), "");
  printing.wait(1);
  printing->reading("data/a9a", 5, 10);
  EXPECT_EQ(printing.said(), kOverTheLine + "reading data/a9a 50%");
}

TEST(Progress, TheBarOfTheLastStepIsAlwaysDrawn) {
  Progress last = kHalfway;
  last.step = last.total_steps;
  Printing terminal(40), none(0);
  terminal->update(last);
  none->update(last);
  EXPECT_EQ(terminal.said(), kOverTheLine + bar_text(last, 40));
  EXPECT_EQ(none.said(), "");
}

TEST(Progress, WithoutATerminalALineIsWrittenEveryFiveSeconds) {
  Printing printing(0);
  printing.wait(4999);
  printing->update(kHalfway);
  printing->reading("data/a9a", 5, 10);
  EXPECT_EQ(printing.said(), "");
  printing.wait(1);
  printing->update(kHalfway);
  EXPECT_EQ(printing.said(), "epoch 3 step 50/100 loss 0.25 1.2 k samples/s, 0:30 left\n");
  printing->reading("data/a9a", 5, 10);
  EXPECT_EQ(printing.said(), "");
  printing.wait(5000);
  printing->reading("data/a/long/name/that/no/terminal/of/eighty/columns/would/have/room/for/a9a.csv", 5, 10);
  EXPECT_EQ(printing.said(),
            "reading data/a/long/name/that/no/terminal/of/eighty/columns/would/have/room/for/a9a.csv 50%\n");
}

TEST(Progress, AMessageEndsTheLineOfABarOnce) {
  Printing printing(40);
  printing.wait(100);
  printing->update(kHalfway);
  printing.said();
  printing->message("saved");
  EXPECT_EQ(printing.said(), "\nsaved\n");
  printing->message("saved again");
  printing->finish();
  EXPECT_EQ(printing.said(), "saved again\n");
  printing.wait(100);
  printing->update(kHalfway);
  printing.said();
  printing->finish();
  EXPECT_EQ(printing.said(), "\n");
}

TEST(Progress, APipeToWhichNobodyWritesIsToldAtOnce) {
  Printing printing(40);
  printing->reading("pipe", 0, kWaiting);
  EXPECT_EQ(printing.said(), "waiting for pipe: nothing was written yet\n");
  printing->reading("pipe", 70, kWaiting);
  EXPECT_EQ(printing.said(), "waiting for pipe: 70 bytes so far\n");
}

TEST(Progress, ACommandWithoutProgressTellsOfWaitingAlone) {
  std::ostringstream loud, quiet;
  for (const auto& [done, total] :
       {std::pair<std::int64_t, std::int64_t>{0, kWaiting}, {5, 10}, {0, 10}, {5, 0}, {0, 0}}) {
    tell_of_waiting(loud, false)("pipe", done, total);
    tell_of_waiting(quiet, true)("pipe", done, total);
  }
  EXPECT_EQ(loud.str(), "waiting for pipe: nothing was written yet\n");
  EXPECT_EQ(quiet.str(), "");
}

TEST(Progress, QuietShowsNoProgress) {
  for (const int columns : {0, 40}) {
    Printing printing(columns, true);
    printing.wait(5000);
    printing->update(kHalfway);
    printing->reading("data/a9a", 5, 10);
    printing->reading("pipe", 0, 0);
    printing->finish();
    EXPECT_EQ(printing.said(), "");
  }
}

/// What is written to standard error while it is a terminal of so many columns.
std::string on_a_terminal(int columns, const std::function<void()>& body, const char* kind = "xterm") {
  test::PseudoTerminal terminal(columns, 24);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(terminal.theirs(), STDERR_FILENO);
  ::setenv("TERM", kind, 1);
  body();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  terminal.close_theirs();
  std::string text;
  while (terminal.read_into(text, 1000)) {
  }
  return text;
}

TEST(Progress, StandardErrorIsDrawnOnAsWideAsItsTerminalIs) {
  Progress last = kHalfway;
  last.step = last.total_steps;
  for (const auto& [columns, width] :
       {std::pair{1, 1}, {30, 30}, {60, 60}, {0, 80}}) {  // 0: it does not tell
    const std::string text = on_a_terminal(columns, [&] { ProgressPrinter(std::cerr, false).update(last); });
    EXPECT_EQ(text, kOverTheLine + bar_text(last, width)) << columns;
  }
  std::ostringstream elsewhere;
  on_a_terminal(80, [&] {
    ProgressPrinter(elsewhere, false).update(last);
    std::cerr << "x";  // so that there is something to read
  });
  EXPECT_EQ(elsewhere.str(), "");
}

TEST(Progress, ATerminalThatCannotMoveItsCursorHasNoBar) {
  Progress last = kHalfway;
  last.step = last.total_steps;
  const auto body = [&] {
    ProgressPrinter(std::cerr, false).update(last);
    std::cerr << "x";  // so that there is something to read
  };
  EXPECT_EQ(on_a_terminal(80, body, "dumb"), "x");
}

TEST(Progress, StandardErrorInAFileHasNoBar) {
  Progress last = kHalfway;
  last.step = last.total_steps;
  testing::internal::CaptureStderr();
  ProgressPrinter(std::cerr, false).update(last);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, RatesHaveAPrefixFromAThousandOnAndHoursFromSixtyMinutesOn) {
  const auto rate = [](double samples_per_second) {
    Progress p = kHalfway;
    p.samples_per_second = samples_per_second;
    const std::string text = bar_text(p, 80);
    const std::size_t begin = text.find("lr 0.01 ") + 8;
    return text.substr(begin, text.find(" samples/s") - begin);
  };
  EXPECT_EQ(rate(999), "999");
  EXPECT_EQ(rate(1000), "1.0 k");
  EXPECT_EQ(rate(999'900), "999.9 k");
  EXPECT_EQ(rate(1'000'000), "1.00 M");
  EXPECT_EQ(rate(12'345'678), "12.35 M");
  const auto left = [](double seconds) {  // as much is left as was taken
    Progress p = kHalfway;
    p.seconds = seconds;
    const std::string text = bar_text(p, 80);
    return text.substr(text.rfind("samples/s ") + 10);
  };
  EXPECT_EQ(left(9.9), "0:09 left");
  EXPECT_EQ(left(75), "1:15 left");
  EXPECT_EQ(left(3599), "59:59 left");
  EXPECT_EQ(left(3600), "1h00m left");
  EXPECT_EQ(left(90000 + 7 * 60), "25h07m left");
}

TEST(Progress, BeforeTheFirstStepNothingIsDoneAndNoTimeIsTold) {
  Progress p = kHalfway;
  p.step = 0;
  EXPECT_EQ(bar_text(p, 80),
            "[....................]   0% epoch 3 loss 0.25 lr 0.01 1.2 k samples/s 0:00 left");
  p.total_steps = 0;
  EXPECT_EQ(bar_text(p, 22), "[....]   0% loss 0.25");
}

}  // namespace
}  // namespace thalweg::cli
