// A burst of steps in one launch has the bits of the separate ops, on each device that runs bursts.
#include <gtest/gtest.h>

#include "tests/kernels/linear_burst_test_problem.hpp"

namespace thalweg::test {
namespace {

std::vector<std::string> burst_devices() {
  std::vector<std::string> devices = all_devices();
  std::erase_if(devices,
                [](const auto& device) { return backend_of(context_of(device)).linear_burst == nullptr; });
  return devices;
}

class LinearBurstTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
  void expect_bits(const BurstCase& c, std::int64_t length = 32) const {
    expect_same(BurstRun(ctx(), c).in_bursts(length), BurstRun(ctx(), c).by_separate_ops(), text(c));
  }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LinearBurstTest);
INSTANTIATE_TEST_SUITE_P(Devices, LinearBurstTest, testing::ValuesIn(burst_devices()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(LinearBurstTest, EveryRuleHasTheBitsOfTheSeparateOps) {
  for (const auto& [rule, name] : kNames<Rule>) {
    for (const Averaging average : {Averaging::none, Averaging::ema}) {
      expect_bits({.features = 133,
                   .optimizer = {.name = rule,
                                 .l1 = 0.01,
                                 .l2 = 0.02,
                                 .clip_norm = 0.5,
                                 .constraint = Constraint::box,
                                 .lower = -0.04,
                                 .upper = 0.06,
                                 .bias_lr_factor = 2,
                                 .average = average}});
    }
  }
}

TEST_P(LinearBurstTest, EveryLossHasTheBitsOfTheSeparateOps) {
  for (const auto& [kind, loss] : elementwise_losses()) {
    for (const bool weighted : {false, true})
      expect_bits({.features = 40, .kind = kind, .weighted = weighted, .listed_every = 2});
  }
}

TEST_P(LinearBurstTest, BatchesOfAnyLengthRowsOfAnyKindAndAnyNumberOfSlicesKeepTheBits) {
  for (int bits = 0; bits < 32; ++bits) {
    const int slices[] = {1, 3, 8};
    expect_bits({.features = 147,
                 .max_batch = 61,
                 .counts = {61, 1, 7, 61, 2, 33},
                 .slices = slices[bits % 3],
                 .as_bytes = (bits & 1) != 0,
                 .scaled = (bits & 2) != 0,
                 .bias = (bits & 4) != 0,
                 .permutes_list = (bits & 8) != 0,
                 .listed_every = bits & 16 ? 3 : 0},
                bits % 4 + 1);
  }
}

/// Several blocks of a slice, and slices in several chunks.
TEST_P(LinearBurstTest, SlicesThatDoNotFitOnChipKeepTheBits) {
  for (const BurstCase& c :
       {BurstCase{.features = 130, .max_batch = 300, .counts = {300, 300}, .slices = 1},
        BurstCase{.features = 1500, .max_batch = 200, .counts = {200, 200, 3, 200}, .slices = 2},
        BurstCase{
            .features = 4096, .max_batch = 150, .counts = {150, 150, 40}, .slices = 1, .weighted = true},
        BurstCase{.features = 3001, .max_batch = 330, .counts = {330, 330}, .slices = 8, .as_bytes = true}})
    expect_bits(c);
}

TEST_P(LinearBurstTest, AStepThatIsNotFiniteStopsThoseAfterIt) {
  for (const std::int64_t bad : {0, 100, 200, 330}) {
    for (const LossKind kind : {LossKind::squared, LossKind::poisson}) {
      expect_bits({.features = 3,
                   .max_batch = 40,
                   .counts = {40, 40, 40, 40, 31, 40, 40, 40, 40},
                   .kind = kind,
                   .optimizer = {.name = Rule::adam, .average = Averaging::polyak},
                   .bad_row = bad},
                  5);
    }
  }
}

TEST_P(LinearBurstTest, TakesNoGradientThatIsLongerThanABlockOfItsNorm) {
  const auto takes = [&](const LinearBurstShape& shape) {
    return backend_of(ctx()).linear_burst->takes(device_of(ctx()), shape);
  };
  EXPECT_TRUE(takes({.features = kSumBlock, .dtype = DType::u8, .max_batch = 64}));
  EXPECT_FALSE(takes({.features = kSumBlock + 1, .dtype = DType::u8, .max_batch = 64}));
}

}  // namespace
}  // namespace thalweg::test
