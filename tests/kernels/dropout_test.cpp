#include "kernels/dropout/dropout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "tests/support/backends.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using test::Guarded;

struct Call {
  std::int64_t cols = 0;
  std::vector<float> input;       ///< [ids.size(), cols]
  std::vector<std::int64_t> ids;  ///< one per row
  double rate = 0.5;
  std::uint64_t seed = 1, step = 0;
  std::uint32_t layer = 0;
  bool in_place = false;
  bool null_ids = false;  ///< leave them out: sample n is n
};

std::vector<float> apply(const Context& ctx, const Call& call) {
  const auto rows = static_cast<std::int64_t>(call.ids.size());
  const Guarded<float> input(ctx, call.input), output(ctx, rows * call.cols);
  const Guarded<std::int64_t> ids(ctx, call.ids);
  const Guarded<std::uint64_t> step(ctx, std::vector<std::uint64_t>{call.step});
  DropoutArgs args = dropout_args(call.rate, call.seed, call.layer);
  args.input = matrix<const float>(input.data(), rows, call.cols);
  args.output = matrix(call.in_place ? input.data() : output.data(), rows, call.cols);
  args.ids = call.null_ids ? nullptr : ids.data();
  args.step = step.data();
  backend_of(ctx).dropout.apply(device_of(ctx), args);
  return (call.in_place ? input : output).download();
}

Call random_call(std::int64_t rows, std::int64_t cols, double rate = 0.3) {
  Call call{.cols = cols, .input = test::random_floats(rows * cols, 5), .rate = rate};
  call.ids.resize(static_cast<std::size_t>(rows));
  std::iota(call.ids.begin(), call.ids.end(), std::int64_t{0});
  call.seed = 42;
  call.step = (std::uint64_t{1} << 33) + 17;
  call.layer = 3;
  return call;
}

class DropoutTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Devices, DropoutTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

/// One product with a float factor, or an exact zero: every device gives the same bits.
TEST_P(DropoutTest, EveryUnitFollowsTheDefinition) {
  for (std::int64_t rows : {0, 1, 3, 33}) {
    for (std::int64_t cols : test::kNastySizes) {
      const Call call = random_call(rows, cols);
      const PhiloxKey key = philox_key(call.seed, RandomPurpose::dropout);
      std::vector<float> want;
      for (std::int64_t n = 0; n < rows; ++n) {
        for (std::int64_t u = 0; u < cols; ++u) {
          const auto id = static_cast<std::uint64_t>(n), block = static_cast<std::uint64_t>(u / 4);
          const std::uint32_t word = philox(philox_counter(call.step, id, 3, block), key).word[u % 4];
          const float x = call.input[static_cast<std::size_t>(n * cols + u)];
          want.push_back(word < std::lround(0.3 * 0x1p32) ? 0.0f : x * static_cast<float>(1 / (1 - 0.3)));
        }
      }
      test::expect_same_bits(apply(ctx(), call), want, std::to_string(rows) + " x " + std::to_string(cols));
    }
  }
}

TEST_P(DropoutTest, WorksInPlaceAndLeavesTheRestOfAWiderMatrixAlone) {
  Call call = random_call(5, 100);
  const auto apart = apply(ctx(), call);
  call.in_place = true;
  test::expect_same_bits(apply(ctx(), call), apart, "in place");

  constexpr std::size_t kStride = 131;
  std::vector<float> wide(5 * kStride, 9.0f);
  for (std::size_t n = 0; n < 5; ++n) std::copy_n(&call.input[n * 100], 100, &wide[n * kStride]);
  const Guarded<float> memory(ctx(), wide);
  const Guarded<std::uint64_t> step(ctx(), std::vector<std::uint64_t>{call.step});
  DropoutArgs args = dropout_args(call.rate, call.seed, call.layer);
  args.output = {memory.data(), 5, 100, kStride};
  args.input = args.output;
  args.step = step.data();
  backend_of(ctx()).dropout.apply(device_of(ctx()), args);
  const auto got = memory.download();
  for (std::size_t n = 0; n < 5; ++n) {
    for (std::size_t u = 0; u < kStride; ++u) {
      ASSERT_EQ(got[n * kStride + u], u < 100 ? apart[n * 100 + u] : 9.0f) << n << ", " << u;
    }
  }
}

/// Accesses of 16 bytes need both matrices to lie on 16 bytes: one that does may not speak for the other.
TEST_P(DropoutTest, InputAndOutputMayLieOnAnyFourBytes) {
  constexpr std::int64_t kRows = 5, kCols = 37, kStride = 40;
  const Call call = random_call(kRows, kCols);
  const std::vector<float> want = apply(ctx(), call);
  for (std::int64_t from = 0; from < 4; ++from) {
    for (std::int64_t to = 0; to < 4; ++to) {
      std::vector<float> wide(kRows * kStride + from);
      for (std::int64_t n = 0; n < kRows; ++n)
        std::copy_n(&call.input[static_cast<std::size_t>(n * kCols)], kCols,
                    &wide[static_cast<std::size_t>(from + n * kStride)]);
      const Guarded<float> input(ctx(), wide), output(ctx(), kRows * kStride + to);
      const Guarded<std::uint64_t> step(ctx(), std::vector<std::uint64_t>{call.step});
      DropoutArgs args = dropout_args(call.rate, call.seed, call.layer);
      args.input = {input.data() + from, kRows, kCols, kStride};
      args.output = {output.data() + to, kRows, kCols, kStride};
      args.step = step.data();
      backend_of(ctx()).dropout.apply(device_of(ctx()), args);
      const std::vector<float> memory = output.download();
      std::vector<float> got;
      for (std::int64_t n = 0; n < kRows; ++n)
        got.insert(got.end(), memory.begin() + to + n * kStride, memory.begin() + to + n * kStride + kCols);
      test::expect_same_bits(got, want, "from " + std::to_string(from) + " to " + std::to_string(to));
    }
  }
}

TEST_P(DropoutTest, AMaskBelongsToTheSampleAndNotToItsPlaceInTheBatch) {
  const std::int64_t rows = 40, cols = 65;
  const Call whole = random_call(rows, cols);
  const auto want = apply(ctx(), whole);
  Call single = random_call(1, cols);
  for (std::int64_t n = rows - 1; n >= 0; n -= 7) {
    single.ids = {n};
    single.input.assign(whole.input.begin() + n * cols, whole.input.begin() + (n + 1) * cols);
    const std::vector<float> row(want.begin() + n * cols, want.begin() + (n + 1) * cols);
    test::expect_same_bits(apply(ctx(), single), row, "sample " + std::to_string(n) + " alone");
  }
  Call unnamed = whole;
  unnamed.null_ids = true;
  test::expect_same_bits(apply(ctx(), unnamed), want, "without ids");
}

TEST_P(DropoutTest, StepsLayersSeedsAndSamplesHaveMasksOfTheirOwn) {
  const Call call = random_call(4, 256);
  const auto base = apply(ctx(), call);
  Call other = call;
  other.step += 1;
  EXPECT_NE(apply(ctx(), other), base) << "step";
  other = call;
  other.layer += 1;
  EXPECT_NE(apply(ctx(), other), base) << "layer";
  other = call;
  other.seed += 1;
  EXPECT_NE(apply(ctx(), other), base) << "seed";
  other = call;
  for (std::int64_t& id : other.ids) id += std::int64_t{1} << 32;
  EXPECT_NE(apply(ctx(), other), base) << "sample";
}

TEST_P(DropoutTest, DropsTheAskedShare) {
  Call call = random_call(100, 1000);
  call.input.assign(call.input.size(), 1.0f);
  for (double rate : {0.1, 0.5, 0.9}) {
    call.rate = rate;
    const auto got = apply(ctx(), call);
    const auto dropped = static_cast<double>(std::count(got.begin(), got.end(), 0.0f));
    const double n = static_cast<double>(got.size());
    EXPECT_LT(std::abs(dropped - rate * n), 4.5 * std::sqrt(n * rate * (1 - rate))) << rate;  // binomial
  }
  call.rate = 0.0;
  EXPECT_EQ(apply(ctx(), call), call.input);
}

TEST_P(DropoutTest, ADroppedUnitIsPlusZeroWhateverItHeld) {
  Call call = random_call(10, 100, 0.9);
  for (float held : {-std::numeric_limits<float>::infinity(), -0.5f}) {
    call.input.assign(call.input.size(), held);
    const auto got = apply(ctx(), call);
    EXPECT_GT(std::count(got.begin(), got.end(), 0.0f), 0);
    for (float value : got) EXPECT_TRUE(value < 0.0f || (value == 0.0f && !std::signbit(value)));
  }
}

TEST_P(DropoutTest, OneAndTwoThreadsGiveTheSameBits) {
  const Call call = random_call(257, 300);
  test::expect_same_bits(apply(test::context_of(GetParam(), 1), call), apply(ctx(), call), GetParam());
}

TEST_P(DropoutTest, KeepsAUnitWhoseWordIsTheThreshold) {
  const Guarded<float> input(ctx(), std::vector<float>{3.0f, 3.0f}), output(ctx(), 2);
  const Guarded<std::uint64_t> step(ctx(), std::vector<std::uint64_t>{7});
  DropoutArgs args = dropout_args(0.5, 42, 3);
  args.input = matrix<const float>(input.data(), 1, 2);
  args.output = matrix(output.data(), 1, 2);
  args.step = step.data();
  const PhiloxBlock words = philox(philox_counter(7, 0, 3, 0), args.key);
  for (const std::uint32_t above : {0u, 1u}) {
    args.drop_below = words.word[0] + above;
    backend_of(ctx()).dropout.apply(device_of(ctx()), args);
    EXPECT_EQ(output.download()[0], above == 0 ? 6.0f : 0.0f);
  }
}

TEST(DropoutArgs, RefusesARateThatKeepsNothing) {
  for (double rate : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(dropout_args(rate, 1, 0), ConfigError) << rate;
  }
  EXPECT_EQ(dropout_args(0.5, 1, 0).drop_below, 0x80000000u);
  EXPECT_EQ(dropout_args(0.5, 1, 0).keep_scale, 2.0f);
  EXPECT_EQ(dropout_args(std::nextafter(1.0, 0.0), 1, 0).drop_below, 0xFFFFFFFFu);
}

}  // namespace
}  // namespace thalweg
