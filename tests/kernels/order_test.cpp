#include "kernels/order/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "host/data/order.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::context_of;
using test::Guarded;

/// The ids of positions [first, first + count) of an order of `rows`; of a list of them unless that is empty.
std::vector<std::int64_t> ids_of(const Context& ctx, const BatchPlace& place, std::int64_t count,
                                 const std::vector<std::int64_t>& list = {}) {
  std::vector<std::uint64_t> words((sizeof place + 7) / 8);
  std::copy_n(reinterpret_cast<const unsigned char*>(&place), sizeof place,
              reinterpret_cast<unsigned char*>(words.data()));
  const Guarded<std::uint64_t> placed(ctx, words);
  const Guarded<std::int64_t> rows(ctx, list), ids(ctx, count);
  backend_of(ctx).order.batch(device_of(ctx), {.place = reinterpret_cast<const BatchPlace*>(placed.data()),
                                               .rows = list.empty() ? nullptr : rows.data(),
                                               .count = count,
                                               .ids = ids.data()});
  return ids.download();
}

class OrderOnDevice : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

TEST_P(OrderOnDevice, GivesTheRowsOfTheEpochsOrder) {
  for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{1000},
                                  std::int64_t{1025}, std::int64_t{1} << 40}) {
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 40}) {
      const EpochOrder order(rows, 0x123456789abcdefu, epoch, true);
      for (const std::int64_t count : test::kNastySizes) {
        if (count > rows) continue;
        const std::int64_t first = rows - count;  // the last ones, perhaps a short batch
        std::vector<std::int64_t> want(static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i < count; ++i) want[static_cast<std::size_t>(i)] = order(first + i);
        ASSERT_EQ(ids_of(ctx(), {order.network(), first}, count), want) << rows << ", " << count;
      }
    }
  }
}

/// Of so many rows that threads share them out: whose tasks overlap looks a row up twice.
TEST_P(OrderOnDevice, PermutesAList) {
  constexpr std::int64_t kRows = 40'100, kCount = 39'500;
  std::vector<std::int64_t> list;
  for (std::int64_t row = 0; row < kRows; ++row) list.push_back((row + 1) % kRows);
  const EpochOrder order(kRows, 2, 1, true);
  const std::vector<std::int64_t> got = ids_of(ctx(), {order.network(), 100}, kCount, list);
  for (std::int64_t i = 0; i < kCount; ++i)
    ASSERT_EQ(got[static_cast<std::size_t>(i)], list[static_cast<std::size_t>(order(100 + i))]);
}

TEST_P(OrderOnDevice, WithoutANetworkLeavesTheRowsAsTheyLie) {
  std::vector<std::int64_t> want(300);
  std::iota(want.begin(), want.end(), std::int64_t{50});
  EXPECT_EQ(ids_of(ctx(), {Feistel{}, 50}, 300), want);
}

TEST(OrderCost, IsARowNumberOfEightBytesReadAndWrittenForEachRow) {
  const Cost cost = order_cost(5);
  EXPECT_EQ(cost.flops, 0);
  EXPECT_EQ(cost.bytes_read, 40);
  EXPECT_EQ(cost.bytes_written, 40);
}

INSTANTIATE_TEST_SUITE_P(Devices, OrderOnDevice, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

}  // namespace
}  // namespace thalweg
