#include "host/run/metrics_log.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fault_ops.hpp"
#include "tests/support/scratch_folder.hpp"

namespace thalweg {
namespace {

class MetricsLogTest : public testing::Test {
 protected:
  std::string file() const { return folder_ / "metrics.jsonl"; }
  std::string text() const { return read_file(file()); }

  /// What a run that goes on from `step` keeps of `lines`.
  std::string kept(const std::string& lines, std::int64_t step, bool epoch_pending) const {
    write_file_atomically(file(), lines);
    MetricsLog log(file(), step, epoch_pending);
    return text();
  }

  test::FaultyFiles files_;  // its fsync does not wait for the disk
  test::ScratchFolder folder_;
};

TEST_F(MetricsLogTest, WritesALineOfJsonPerCallWithWholeNumbersAsSuch) {
  MetricsLog log(file(), 0, false);
  log.write({{"step", 3}, {"loss", 0.25}, {"negative", -7}});
  log.write({{"large", 999999999999999.0}, {"larger", 1e15}, {"infinite", HUGE_VAL}});
  EXPECT_EQ(text(),
            "{\"step\":3,\"loss\":0.25,\"negative\":-7}\n"
            "{\"large\":999999999999999,\"larger\":1e+15,\"infinite\":null}\n");
}

TEST_F(MetricsLogTest, IsSilentWithoutAFile) {
  MetricsLog log;
  EXPECT_NO_THROW(log.write({{"step", 1}}));
  EXPECT_NO_THROW(log.write_divergence(1, "the loss is inf"));
}

const std::string kStep1 = "{\"step\":1,\"loss\":1}\n", kStep2 = "{\"step\":2,\"loss\":1}\n",
                  kEpoch = "{\"step\":2,\"epoch\":1}\n", kStep3 = "{\"step\":3,\"loss\":1}\n";

TEST_F(MetricsLogTest, KeepsTheLinesUpToTheStepThatARunGoesOnFrom) {
  const std::string all = kStep1 + kStep2 + kEpoch + kStep3;
  EXPECT_EQ(kept(all, 2, false), kStep1 + kStep2 + kEpoch);
  EXPECT_EQ(kept(all, 2, true), kStep1 + kStep2) << "the epoch's end is written anew";
  EXPECT_EQ(kept(all, 1, true), kStep1);
  EXPECT_EQ(kept(all, 3, true), all) << "the epoch that ended before is over";
  EXPECT_EQ(kept(all, 0, false), "");
}

TEST_F(MetricsLogTest, DropsLinesThatAreDamagedOrCutOff) {
  EXPECT_EQ(kept(kStep1 + "{\"loss\":1}\nnonsense\n\n" + kStep2, 9, false), kStep1 + kStep2);
  EXPECT_EQ(kept(kStep1 + kStep2.substr(0, kStep2.size() - 1), 9, false), kStep1);
}

TEST_F(MetricsLogTest, ARunThatGoesOnDropsTheLineThatItDiverged) {
  {
    MetricsLog log(file(), 0, false);
    log.write({{"step", 3}});
    log.write_divergence(3, "the \"loss\"");
  }
  EXPECT_EQ(text(), "{\"step\":3}\n{\"step\":3,\"diverged\":\"the \\\"loss\\\"\"}\n");
  EXPECT_EQ(kept(text(), 3, false), "{\"step\":3}\n");
}

TEST_F(MetricsLogTest, AppendsToWhatItKeeps) {
  write_file_atomically(file(), kStep1 + kStep3);
  MetricsLog log(file(), 1, false);
  log.write({{"step", 2}});
  EXPECT_EQ(text(), kStep1 + "{\"step\":2}\n");
}

}  // namespace
}  // namespace thalweg
