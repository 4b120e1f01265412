// What `thalweg watch` says of runs.
#include "host/cli/watch_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/cli/shown_width.hpp"
#include "tests/support/made_glances.hpp"

namespace thalweg::cli {
namespace {

using report::Curve;
using report::RunGlance, report::RunStage;
using test::finished, test::running, test::lines_of;
using test::kPlain, test::kColoured, test::kAscii;
using testing::HasSubstr;
using testing::Not;

const double kNan = std::nan("");

TEST(WatchText, ARunInAWindowOfEightyColumns) {
  EXPECT_EQ(run_text(running(), 80, kPlain),
            "runs/a: running\n"
            "epoch 3 of 5, step 300 of 500, 640 samples/s, 0:30 of training\n"
            "[########################................]  60%, 0:15 left\n"
            "train.loss       0.25       █▅▁\n"
            "validation.loss  0.625      █▁▅\n"
            "validation.auc   0.625      ▁█▅  best 0.75 at epoch 2\n"
            "lr               0.0625     ██▁\n");
}

TEST(WatchText, ARunInANarrowWindowLosesWhatHasNoRoom) {
  EXPECT_EQ(run_text(running(), 40, kAscii),
            "runs/a: running\n"
            "epoch 3 of 5, step 300 of 500\n"
            "[############.........]  60%, 0:15 left\n"
            "train.loss       0.25       #=_\n"
            "validation.loss  0.625      #_=\n"
            "validation.auc   0.625      best 0.7...\n"
            "lr               0.0625     ##_\n");
}

TEST(WatchText, AnEndedRunHasNoBarAndSaysItsStage) {
  RunGlance ended = finished();
  ended.words = "no better epoch in 1";
  EXPECT_EQ(run_text(ended, 80, kAscii),
            "runs/b: finished; no better epoch in 1\n"
            "epoch 2 of 2, step 200 of 200, 1.3 k samples/s, 1h02m of training\n"
            "train.loss      0.5        #_\n"
            "validation.auc  0.5        #_  best 0.875 at epoch 1\n"
            "lr              0.125      __\n");
}

TEST(WatchText, WordsThatHaveNoRoomBehindTheStageTakeALine) {
  const RunGlance broken{
      .run = "runs/c", .stage = RunStage::killed, .words = "the same command begins again"};
  EXPECT_EQ(run_text(broken, 46, kPlain), "runs/c: killed; the same command begins again\n");
  EXPECT_EQ(run_text(broken, 45, kPlain), "runs/c: killed\nthe same command begins again\n");
  EXPECT_EQ(run_text(broken, 16, kPlain), "runs/c: killed\nthe same com...\n");
  EXPECT_EQ(run_text(broken, 12, kPlain), "...: killed\nthe same...\n");
}

TEST(WatchText, ARunWithoutLinesIsItsStage) {
  const RunGlance waiting{.run = "runs/c", .stage = RunStage::waiting, .words = "it has not begun"};
  EXPECT_EQ(run_text(waiting, 80, kPlain), "runs/c: waiting; it has not begun\n");
  EXPECT_EQ(run_line(waiting), "runs/c: waiting; it has not begun\n");
}

TEST(WatchText, WaitingSilenceAndDamageAreRemarks) {
  RunGlance run = running();
  run.curves.resize(1);
  run.waiting_share = 0.254;
  run.silence = 75;
  run.damaged = 2;
  EXPECT_THAT(run_text(run, 80, kPlain), HasSubstr("█▅▁\n"
                                                   "25 % of the last epoch was waiting for data\n"
                                                   "no new line for 1:15\n"
                                                   "2 lines of metrics.jsonl are damaged and left out\n"));
  run.silence = 60;
  EXPECT_THAT(run_text(run, 80, kPlain), HasSubstr("no new line for 1:00\n"));
  run.damaged = 1;
  run.silence = 59;
  EXPECT_THAT(run_text(run, 80, kPlain),
              HasSubstr("data\n1 line of metrics.jsonl is damaged and left out\n"));
  run.silence = 75;
  run.stage = RunStage::killed;
  EXPECT_THAT(run_text(run, 80, kPlain), Not(HasSubstr("no new line")));
}

TEST(WatchText, OfARunWhoseEndIsNotKnownOnlyTheTimeIsTold) {
  RunGlance run = running();
  run.curves.resize(1);
  run.steps = 0;
  EXPECT_THAT(run_text(run, 80, kPlain),
              HasSubstr("step 300, 640 samples/s, 0:30 of training\n0:15 left\ntrain"));
  run.seconds_left = kNan;
  EXPECT_THAT(run_text(run, 80, kPlain), HasSubstr("0:30 of training\ntrain"));
}

/// 200 epochs.
RunGlance long_run() {
  RunGlance run = running();
  for (Curve& curve : run.curves) {
    curve.values.clear();
    for (int e = 0; e < 200; ++e) curve.values.push_back(1.0 / (1 + e));
  }
  return run;
}

TEST(WatchText, CurvesFillTheWindow) {
  for (const int columns : {80, 160}) {
    const std::vector<std::string> lines = lines_of(run_text(long_run(), columns, kPlain));
    ASSERT_EQ(lines.size(), 7U);
    for (const std::size_t curve : {3, 4, 5, 6}) EXPECT_EQ(shown_width(lines[curve]), columns - 1);
    EXPECT_THAT(lines[3], HasSubstr("█"));
    EXPECT_THAT(lines[5], testing::EndsWith("▁  best 0.75 at epoch 2"));
  }
}

TEST(WatchText, ACurveHasEightCharactersOrNone) {
  RunGlance run = long_run();
  run.curves.resize(1);
  run.curves[0].values = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_THAT(run_text(run, 32, kAscii), HasSubstr("\ntrain.loss  7          _.:-=+*#\n"));
  EXPECT_THAT(run_text(run, 31, kAscii), HasSubstr("\ntrain.loss  7          \n"));
}

TEST(WatchText, NoLineIsAsWideAsItsWindow) {
  RunGlance odd = long_run();
  odd.run = "runs/with a long name/and/\xE4\xB8\xAD\xE6\x96\x87/a.run.of.many.folders";
  odd.words = "something that takes many words to say, more than there is room for in a window";
  odd.waiting_share = 0.5;
  odd.silence = 100;
  odd.damaged = 3;
  const std::vector<RunGlance> runs{odd, finished(), running()};
  for (int columns = 1; columns < 200; ++columns) {
    for (const std::string& text :
         {run_text(odd, columns, kPlain), runs_text(runs, {.columns = columns, .rows = 24}, kPlain)})
      for (const std::string& line : lines_of(text)) ASSERT_LT(shown_width(line), columns) << line;
  }
}

TEST(WatchText, ALineForALogHasAllNumbers) {
  EXPECT_EQ(run_line(running()),
            "runs/a: running, epoch 3 of 5, step 300 of 500, train.loss 0.25, validation.loss 0.625, "
            "validation.auc 0.625 (best 0.75 at epoch 2), lr 0.0625, 640 samples/s, 0:15 left\n");
}

TEST(WatchText, WhatIsNotKnownIsNotSaid) {
  RunGlance run = finished();
  EXPECT_EQ(
      run_line(run),
      "runs/b: finished, epoch 2 of 2, step 200 of 200, train.loss 0.5, validation.auc 0.5 (best 0.875 at "
      "epoch 1), lr 0.125, 1.3 k samples/s\n");
  run.samples_per_second = run.seconds = kNan;
  run.watched = "";
  run.best_epoch = 0;
  run.curves.resize(1);
  EXPECT_EQ(run_line(run), "runs/b: finished, epoch 2 of 2, step 200 of 200, train.loss 0.5\n");
  EXPECT_EQ(run_text(run, 80, kAscii),
            "runs/b: finished\nepoch 2 of 2, step 200 of 200\ntrain.loss  0.5        #_\n");
}

TEST(WatchText, AValueThatTheLastEpochHasNotIsADash) {
  RunGlance run = running();
  run.curves = {{"train.loss", {0.5, kNan}}};
  EXPECT_THAT(run_text(run, 80, kAscii), HasSubstr("train.loss  -          _ \n"));
  EXPECT_THAT(run_line(run), HasSubstr(", train.loss -, 640 samples/s"));
}

TEST(WatchText, AMetricThatNoEpochDefinesHasNoBest) {
  RunGlance run = finished();
  run.best_epoch = 0;
  EXPECT_THAT(run_line(run), HasSubstr(", validation.auc 0.5, lr 0.125"));
  EXPECT_THAT(run_text(run, 80, kPlain), Not(HasSubstr("best")));
  EXPECT_THAT(to_json(run).dump(), Not(HasSubstr("best")));
}

TEST(WatchText, AsJsonItHasTheSameNumbers) {
  EXPECT_EQ(to_json(running()).dump(),
            R"({"run":"runs/a","stage":"running","words":"","epoch":3,"epochs":5,"step":300,"steps":500,)"
            R"("train.loss":0.25,"validation.loss":0.625,"validation.auc":0.625,"lr":0.0625,)"
            R"("best.validation.auc":0.75,"best.epoch":2,"seconds":30.0,"samples_per_second":640.0,)"
            R"("seconds_left":15.0,"waiting_share":null,"damaged_lines":0})");
}

TEST(WatchText, NamesOfFoldersGiveTheTerminalNoCommands) {
  RunGlance hostile = running();
  hostile.run = "a\033[2Jb";
  hostile.words = "\x07";
  EXPECT_THAT(run_text(hostile, 80, kPlain), testing::StartsWith("a\\x1b[2Jb: running; \\x07\n"));
  EXPECT_THAT(run_line(hostile), testing::StartsWith("a\\x1b[2Jb: running; \\x07,"));
  EXPECT_THAT(runs_text(std::vector<RunGlance>{hostile, hostile}, {}, kPlain), Not(HasSubstr("\033")));
}

TEST(WatchText, ColoursMarkStageAndBest) {
  const std::string text = run_text(running(), 80, kColoured);
  EXPECT_THAT(text, testing::StartsWith("runs/a: \033[32mrunning\033[0m\n"));
  EXPECT_THAT(text, HasSubstr("▁█▅  \033[1mbest 0.75 at epoch 2\033[0m\n"));
  const std::string table =
      runs_text(std::vector<RunGlance>{running(), finished()}, {.columns = 80, .rows = 24}, kColoured);
  EXPECT_THAT(table, HasSubstr("runs/b  \033[1mfinished\033[0m    2/2"));
  EXPECT_THAT(table, HasSubstr("     \033[1m0.875 at 1 *\033[0m     -\n"));
  for (const auto& [stage, code] : {std::pair{RunStage::killed, "\033[31mkilled"},
                                    {RunStage::stopped, "\033[33mstopped"},
                                    {RunStage::unknown, "\033[33munknown"},
                                    {RunStage::removed, "\033[31mremoved"}})
    EXPECT_THAT(run_text({.run = "a", .stage = stage}, 80, kColoured), HasSubstr(code));
}

}  // namespace
}  // namespace thalweg::cli
