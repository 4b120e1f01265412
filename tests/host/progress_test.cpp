#include "host/cli/progress.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <limits>
#include <sstream>

#include "host/cli/model_data.hpp"

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

/// A printer whose clock stands still until it is moved.
class Printing {
 public:
  /// columns: of the terminal; 0: there is none.
  explicit Printing(int columns, bool quiet = false)
      : printer_(err_, quiet, {.columns = columns_of(columns), .now = [this] { return now_; }}) {}
  ProgressPrinter* operator->() { return &printer_; }
  void wait(int milliseconds) { now_ += std::chrono::milliseconds(milliseconds); }
  /// What was printed since the last call.
  std::string said() {
    const std::string text = err_.str();
    err_.str("");
    return text;
  }

 private:
  static std::function<int()> columns_of(int columns) {
    if (columns == 0) return {};
    return [columns] { return columns; };
  }

  std::ostringstream err_;
  ProgressPrinter::Clock::time_point now_{std::chrono::hours(1)};
  ProgressPrinter printer_;
};

const std::string kOverTheLine = "\r\033[K";  // to its begin, and clear it

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

/// Standard error is a new terminal of so many columns; what was written there.
std::string on_a_terminal(int columns, const std::function<void()>& body) {
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_EQ(::grantpt(ours) + ::unlockpt(ours), 0);
  const int theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY), before = ::dup(STDERR_FILENO);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  ::ioctl(theirs, TIOCSWINSZ, &size);
  ::dup2(theirs, STDERR_FILENO);
  body();
  ::dup2(before, STDERR_FILENO);
  for (const int descriptor : {theirs, before}) ::close(descriptor);
  // What was written may arrive in pieces; behind the last one is the error of a terminal that is closed.
  std::string text;
  char piece[1000];
  for (ssize_t count = 0; (count = ::read(ours, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(count));
  ::close(ours);
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
    const std::size_t begin = text.find("0.25 ") + 5;
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
  EXPECT_EQ(bar_text(p, 80), "[........................]   0% epoch 3 loss 0.25 1.2 k samples/s 0:00 left");
  p.total_steps = 0;
  EXPECT_EQ(bar_text(p, 22), "[....]   0% loss 0.25");
}

}  // namespace
}  // namespace thalweg::cli
