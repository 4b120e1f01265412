// What a step leaves behind for the host: its record, the gate of the updates after it, and the statistics
// that its forward pass moved.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/update/update.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::test {
namespace {

using Floats = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class RecordTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

/// A burst on a device.
struct Burst {
  const Context& ctx;
  Guarded<BurstState> state;
  Guarded<StepRecord> records;
  Guarded<float> statistics;

  Burst(const Context& context, std::int64_t steps, const Floats& moved)
      : ctx(context),
        state(ctx, std::vector<BurstState>(1)),
        records(ctx, std::vector<StepRecord>(static_cast<std::size_t>(steps))),
        statistics(ctx, moved) {}

  void step(const Floats& losses, const Floats& gradient, const Floats& before) const {
    const Guarded<float> losses_there(ctx, losses), grad(ctx, gradient), norm(ctx, 2),
        before_there(ctx, before);
    const std::int64_t used = std::ssize(gradient);
    const UpdateSegment segment{.offset = 0, .size = padded_size(used), .used = used};
    backend_of(ctx).update.record(
        device_of(ctx), {.segments = &segment, .segment_count = 1, .grad = grad.data(), .out = norm.data()},
        {.losses = losses_there.data(),
         .count = static_cast<std::int64_t>(losses.size()),
         .burst = state.data(),
         .records = records.data(),
         .statistics = statistics.data(),
         .statistics_before = before_there.data(),
         .statistics_size = static_cast<std::int64_t>(before.size())});
  }
};

TEST_P(RecordTest, AFiniteStepIsSummedUpAndItsStatisticsStay) {
  for (const std::int64_t size : kNastySizes) {
    const Floats losses = random_integers(size, 1), moved = random_floats(size, 2);
    const Burst burst(ctx(), 1, moved);
    burst.step(losses, {3.0f}, random_floats(size, 3));
    const StepRecord record = burst.records.download()[0];
    EXPECT_EQ(record.loss_sum, std::accumulate(losses.begin(), losses.end(), 0.0f)) << size;
    EXPECT_EQ(record.squared_norm, 9.0f);
    EXPECT_EQ(record.first_bad, -1);
    EXPECT_EQ(record.updated, 1);
    EXPECT_EQ(burst.state.download()[0].gate, 9.0f);
    expect_same_bits(burst.statistics.download(), moved, "statistics");
  }
}

TEST_P(RecordTest, TheNormOfAGradientOfAnyLengthIsRecorded) {
  for (const std::int64_t size : {std::int64_t{0}, 8 * kSumBlock, 8 * kSumBlock + 1, 20 * kSumBlock}) {
    const Burst burst(ctx(), 1, {});
    burst.step({1.0f, 2.0f}, Floats(static_cast<std::size_t>(size), 2.0f), {});
    const StepRecord record = burst.records.download()[0];
    EXPECT_EQ(record.squared_norm, static_cast<float>(4 * size));
    EXPECT_EQ(record.loss_sum, 3.0f);
    EXPECT_EQ(record.updated, 1);
  }
}

TEST_P(RecordTest, TheFirstLossThatIsNotFiniteIsNamed) {
  for (const std::int64_t bad : {0, 1, 31, 32, 127, 128, 299}) {
    Floats losses(300, 1.0f);
    losses[299] = std::nanf("");
    losses[static_cast<std::size_t>(bad)] = kInfinity;
    const Burst burst(ctx(), 1, {});
    burst.step(losses, {1.0f}, {});
    const StepRecord record = burst.records.download()[0];
    EXPECT_EQ(record.first_bad, bad);
    EXPECT_EQ(record.updated, 0);
    EXPECT_TRUE(std::isnan(burst.state.download()[0].gate));
  }
}

TEST_P(RecordTest, AHaltedStepAndThoseAfterItPutTheirStatisticsBack) {
  for (const std::int64_t size : {1, 33, 257}) {
    const Floats before = random_floats(size, 4), later = random_floats(size, 5);
    const Burst burst(ctx(), 3, random_floats(size, 6));
    burst.step({1.0f}, {1.0f}, random_floats(size, 7));
    burst.step({1.0f}, {kInfinity}, before);
    expect_same_bits(burst.statistics.download(), before, "of the step that was not finite");
    burst.step({1.0f}, {1.0f}, later);
    expect_same_bits(burst.statistics.download(), later, "of the step after it");
    const auto records = burst.records.download();
    EXPECT_EQ(records[0].updated, 1);
    EXPECT_EQ(records[1].updated, 0);
    EXPECT_EQ(records[2].updated, 0);
    EXPECT_EQ(burst.state.download()[0].next, 3);
    EXPECT_TRUE(std::isnan(burst.state.download()[0].gate));
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, RecordTest, testing::ValuesIn(all_devices()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace thalweg::test
