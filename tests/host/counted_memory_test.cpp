// Memory that is counted but not there.
#include "host/runtime/counted_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>

#include "host/runtime/device_of.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

const MemoryOps& counting() { return *CountedMemory::of_this_thread(); }
std::intptr_t number(const void* address) { return reinterpret_cast<std::intptr_t>(address); }

TEST(CountedMemory, RemembersTheMostThatWasTakenAtATime) {
  const CountedMemory memory;
  EXPECT_EQ(memory.most_bytes(), 0);
  void* const a = counting().allocate(100);
  void* const b = counting().allocate(1000);
  counting().release(a);
  EXPECT_EQ(memory.most_bytes(), 1100);
  void* const c = counting().allocate(99);
  EXPECT_EQ(memory.most_bytes(), 1100) << "1099 are taken";
  counting().release(b), counting().release(c);
  counting().release(counting().allocate(1101));
  EXPECT_EQ(memory.most_bytes(), 1101);
  counting().release(b);
  counting().release(counting().allocate(1102));
  EXPECT_EQ(memory.most_bytes(), 1102) << "what was given back once does not count again";
}

TEST(CountedMemory, GivesAlignedAddressesThatLieApart) {
  const CountedMemory memory;
  const std::int64_t sizes[] = {1, 255, 256, 257};
  std::intptr_t end = 0;
  for (const std::int64_t size : sizes) {
    const std::intptr_t address = number(counting().allocate(size));
    EXPECT_EQ(address % 256, 0);
    EXPECT_GE(address, end);
    EXPECT_GT(address, std::intptr_t{1} << 50) << "where no array of the host is";
    end = address + size;
  }
}

TEST(CountedMemory, IsThatOfItsThreadForAsLongAsItLives) {
  EXPECT_EQ(CountedMemory::of_this_thread(), nullptr);
  {
    const CountedMemory memory;
    EXPECT_NE(CountedMemory::of_this_thread(), nullptr);
    std::thread([] { EXPECT_EQ(CountedMemory::of_this_thread(), nullptr); }).join();
    test::expect_error<InternalError>([] { const CountedMemory second; }, {"has one already"});
    EXPECT_NE(CountedMemory::of_this_thread(), nullptr);
  }
  EXPECT_EQ(CountedMemory::of_this_thread(), nullptr);
}

TEST(CountedMemory, DownloadsZerosAndCopiesNothing) {
  const CountedMemory memory;
  const Device& device = device_of(test::context_of("cpu"));
  void* const there = counting().allocate(8);
  std::int32_t host[] = {1, 2, 3};
  counting().upload(device, there, host, 8);
  counting().copy(device, there, there, 8);
  counting().zero(device, there, 8);
  counting().synchronize(device);
  counting().download(device, host, there, 8);
  EXPECT_EQ(host[0], 0);
  EXPECT_EQ(host[1], 0);
  EXPECT_EQ(host[2], 3);
}

TEST(CountedMemory, OfTheHostIsThere) {
  const CountedMemory memory;
  auto* const staging = static_cast<char*>(counting().allocate_staging(64));
  std::memset(staging, 7, 64);
  EXPECT_EQ(staging[63], 7);
  counting().release_staging(staging);
  EXPECT_EQ(memory.most_bytes(), 0) << "no memory of a GPU";
}

}  // namespace
}  // namespace thalweg
