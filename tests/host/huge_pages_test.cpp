// Memory is dropped where it was asked to be, and nowhere else.
#include "host/runtime/huge_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace thalweg {
namespace {

/// Offset of the first huge page in [memory, ...).
std::int64_t first_page(const std::vector<char>& memory) {
  const auto address = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(memory.data()));
  return (address + kHugePage - 1) / kHugePage * kHugePage - address;
}

TEST(HugePages, WholePagesAloneAreDropped) {
  std::vector<char> memory(6 * kHugePage, 1);
  const std::int64_t page = first_page(memory);
  renew_as_huge_pages(memory.data() + page - 1, 3 * kHugePage);  // whole: the first two
  EXPECT_TRUE(std::all_of(memory.begin(), memory.begin() + page, [](char c) { return c == 1; }));
  EXPECT_TRUE(
      std::all_of(memory.begin() + page + 2 * kHugePage, memory.end(), [](char c) { return c == 1; }));
#if defined(__linux__)
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 0), 2 * kHugePage);
#endif
}

TEST(HugePages, AHintKeepsWhatMemoryHolds) {
  std::vector<char> memory(4 * kHugePage, 1);
  ask_for_huge_pages(memory.data(), 4 * kHugePage);
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 1), 4 * kHugePage);
}

TEST(HugePages, ReservingKeepsTheValues) {
  std::vector<char> values(kHugePage, 1);
  reserve_huge(values, 4 * kHugePage);
  EXPECT_GE(values.capacity(), 4u * kHugePage);
  EXPECT_EQ(std::count(values.begin(), values.end(), 1), kHugePage);
}

}  // namespace
}  // namespace thalweg
