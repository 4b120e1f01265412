// The lines of epochs, which stay above the bar of a run.
#include <gtest/gtest.h>

#include "tests/support/printing.hpp"

namespace thalweg::cli {
namespace {

using test::kHalfway;
using test::kOverTheLine;
using test::Printing;

EpochReport third_epoch() {
  return {.step = 30,
          .epoch = 3,
          .train_loss = 0.25,
          .validation = Metrics{.values = {{"loss", 0.5}, {"auc", 0.75}}},
          .is_best = true};
}

TEST(ProgressEpochs, AnEpochIsALineWithItsLossAndTheMetricThatChooses) {
  EpochReport epoch = third_epoch();
  EXPECT_EQ(epoch_text(epoch, "auc", 80),
            "epoch 3     loss 0.25       validation.auc 0.75       best so far");
  EXPECT_EQ(epoch_text(epoch, "auc", 30), "epoch 3     loss 0.25     ...");
  epoch.is_best = false;
  EXPECT_EQ(epoch_text(epoch, "loss", 80), "epoch 3     loss 0.25       validation.loss 0.5");
  epoch.validation.reset();
  epoch.is_best = true;  // of what is not there
  EXPECT_EQ(epoch_text(epoch, "auc", 80), "epoch 3     loss 0.25");
}

TEST(ProgressEpochs, AnEpochsLineStaysAboveTheBar) {
  Printing printing(80);
  const std::string line = epoch_text(third_epoch(), "auc", 80) + "\n";
  printing->epoch(third_epoch(), "auc");
  EXPECT_EQ(printing.said(), kOverTheLine + line) << "no bar is drawn yet";
  printing.wait(100);
  printing->update(kHalfway);
  EXPECT_EQ(printing.said(), kOverTheLine + bar_text(kHalfway, 80));
  printing->epoch(third_epoch(), "auc");
  EXPECT_EQ(printing.said(), kOverTheLine + line + kOverTheLine + bar_text(kHalfway, 80));
  printing->finish();
  EXPECT_EQ(printing.said(), "\n");
}

TEST(ProgressEpochs, ShortEpochsHaveALineTenTimesASecondAndTheLastOneAlways) {
  Printing printing(80);
  printing->epoch(third_epoch(), "auc");
  printing.said();
  printing.wait(99);
  printing->epoch(third_epoch(), "auc");
  EXPECT_EQ(printing.said(), "");
  printing.wait(1);
  printing->epoch(third_epoch(), "auc");
  EXPECT_NE(printing.said(), "");
  Progress last = kHalfway;
  last.total_steps = 30;
  printing->update(last);
  printing->epoch(third_epoch(), "auc");
  EXPECT_NE(printing.said(), "") << "step 30 of 30";
}

TEST(ProgressEpochs, WithoutATerminalOrQuietAnEpochHasNoLine) {
  for (const auto& [columns, quiet] : {std::pair{0, false}, {80, true}}) {
    Printing printing(columns, quiet);
    printing->epoch(third_epoch(), "auc");
    EXPECT_EQ(printing.said(), "");
  }
}

}  // namespace
}  // namespace thalweg::cli
