#include <gtest/gtest.h>

#include "tests/kernels/linear_step_test_problem.hpp"
#include "tests/support/loss_kinds.hpp"

namespace thalweg::test {
namespace {

class DenseLinearStepTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx(int threads = 2) const { return context_of(GetParam(), threads); }
};
class ExactDenseLinearStepTest : public DenseLinearStepTest {};
INSTANTIATE_TEST_SUITE_P(Devices, DenseLinearStepTest, testing::ValuesIn(all_devices()),
                         [](const auto& info) { return test_name(info.param); });
INSTANTIATE_TEST_SUITE_P(Devices, ExactDenseLinearStepTest, testing::ValuesIn(exact_devices()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(DenseLinearStepTest, EqualsTheSeparateOpsBitForBitForEveryLoss) {
  for (const auto& [kind, loss] : elementwise_losses()) {
    for (std::int64_t samples : {0, 1, 7, 33, 100}) {
      for (std::int64_t features : {1, 31, 128, 257}) {
        const StepCase c{
            .samples = samples, .features = features, .kind = kind, .weighted = samples % 2 == 1};
        expect_same(fused(ctx(), c), separate(ctx(), c), text(c));
      }
    }
  }
}

TEST_P(DenseLinearStepTest, ReadsBytesScaledAndGatheredRowsAsTheSeparateOpsDo) {
  for (int bits = 0; bits < 16; ++bits) {
    const StepCase c{.samples = 45,
                     .features = 147,
                     .as_bytes = (bits & 1) != 0,
                     .scaled = (bits & 2) != 0,
                     .gathered = (bits & 4) != 0,
                     .bias = (bits & 8) != 0};
    expect_same(fused(ctx(), c), separate(ctx(), c), text(c));
  }
}

TEST_P(ExactDenseLinearStepTest, MicroBatchesSlicesAndThreadsKeepTheBits) {
  for (int slices : {1, 3, 8, 64}) {
    for (std::int64_t micro : {0, 1, 5, 16, 30, 1000}) {
      const StepCase c{
          .samples = 61, .features = 40, .slices = slices, .micro = micro, .gathered = micro == 5};
      const StepResult want = separate(ctx(), c);
      for (int threads : thread_counts(GetParam())) expect_same(fused(ctx(threads), c), want, text(c));
    }
  }
}

TEST_P(ExactDenseLinearStepTest, RowsToComeChangeNoBit) {
  for (const std::int64_t upcoming : {1, 5, 61}) {
    for (const std::int64_t micro : {0, 16}) {
      StepCase c{.samples = 61, .features = 40, .micro = micro, .gathered = upcoming == 5};
      const StepResult want = fused(ctx(), c);
      c.upcoming = upcoming;
      for (int threads : thread_counts(GetParam())) expect_same(fused(ctx(threads), c), want, text(c));
    }
  }
}

TEST_P(DenseLinearStepTest, SumsAreWrittenWhenTheBatchIsWholeAndNotBefore) {
  const StepCase c{.samples = 61, .features = 40, .micro = 30};
  const StepRun r(ctx(), c);
  const Floats weight = r.weight_sum.download(), bias = r.bias_sum.download();
  for (const std::int64_t first : {0, 30}) take_rows(r, first, 30);
  expect_same_bits(r.weight_sum.download(), weight, "grad_weight before the last row");
  expect_same_bits(r.bias_sum.download(), bias, "grad_bias before the last row");
  take_rows(r, 60, 1);
  EXPECT_NE(r.weight_sum.download(), weight);
  EXPECT_NE(r.bias_sum.download(), bias);
}

/// A GPU shares a slice with few others out over several blocks, takes long slices in pieces, and gives up on
/// one pass when a row is too long.
TEST_P(ExactDenseLinearStepTest, FewLongSlicesAndLongRowsEqualTheSeparateOps) {
  for (const StepCase& c : {StepCase{.samples = 130, .features = 2000, .slices = 1},
                            StepCase{.samples = 50, .features = 20000, .slices = 1},
                            StepCase{.samples = 70, .features = 301, .slices = 2, .micro = 20},
                            StepCase{.samples = 9, .features = 9000, .slices = 2, .micro = 4},
                            StepCase{.samples = 40,
                            .features = 519,
                            .slices = 1,
                            .as_bytes = true,
                            .scaled = true,
                            .gathered = true,
                            .weighted = true,
                            .bias = false},
                            StepCase{.samples = 9, .features = 60000}}) {
    expect_same(fused(ctx(), c), separate(ctx(), c), text(c));
  }
}

}  // namespace
}  // namespace thalweg::test
