#include "host/runtime/huge_pages.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "host/runtime/memory.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

TEST(HugePages, GrowingKeepsWhatWasThereAndAppendsTheRest) {
  std::vector<int> values, piece(100'003), expected;
  std::iota(piece.begin(), piece.end(), 7);
  for (int i = 0; i < 40; ++i) {
    append_huge(values, piece.begin() + i, piece.end());
    expected.insert(expected.end(), piece.begin() + i, piece.end());
  }
  EXPECT_EQ(values, expected);
}

TEST(HugePages, RoomIsWhatWasAskedForAndNeverLess) {
  std::vector<float> values{1, 2, 3};
  reserve_huge(values, 3'000'000);
  EXPECT_GE(values.capacity(), 3'000'000u);
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3}));
  const float* const place = values.data();
  reserve_huge(values, 10);
  EXPECT_EQ(values.data(), place);
}

TEST(HugePages, AskingForPartsOfPagesDoesNothing) {
  std::vector<char> memory(3 * kHugePage / 2, 'x');
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{1}, kHugePage / 2})
    ask_for_huge_pages(memory.data() + 1, bytes);
  EXPECT_EQ(memory, std::vector<char>(memory.size(), 'x'));
}

TEST(HugePages, BuffersOfAnySizeAreAlignedAndWritableToTheirEnd) {
  const Context ctx({.device = "cpu", .threads = 1});
  for (const std::int64_t size : {std::int64_t{1}, std::int64_t{1000}, kHugePage / 2 - 1, kHugePage / 2,
                                  kHugePage, 3 * kHugePage + 5}) {
    const Buffer<char> buffer(ctx, std::vector<char>(static_cast<std::size_t>(size), 'y'));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, 0u);
    EXPECT_EQ(buffer.data()[size - 1], 'y');
  }
}

}  // namespace
}  // namespace thalweg
