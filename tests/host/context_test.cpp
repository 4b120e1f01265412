// What a context takes, and its scratch memory.
#include "thalweg/context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

// Of memory for arrays: none from 2^40 bytes on. A sanitizer's own operator would end the program there.
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  const auto unit = static_cast<std::size_t>(alignment);
  return bytes < std::size_t{1} << 40 ? std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit) : nullptr;
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace thalweg {
namespace {

std::string refusal(const std::string& device, int threads = 1) {
  try {
    const Context ctx({.device = device, .threads = threads});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Context, ScratchMemoryMovesOnlyWhenItHasToGrow) {
  const Context ctx({.device = "cpu", .threads = 1});
  EXPECT_EQ(ctx.scratch_generation(), 0);
  void* const first = ctx.scratch(1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0u);
  EXPECT_EQ(ctx.scratch_generation(), 1);
  EXPECT_EQ(ctx.scratch(1), first);
  EXPECT_EQ(ctx.scratch(1000), first);
  EXPECT_EQ(ctx.scratch_generation(), 1);
  std::memset(ctx.scratch(1001), 1, 1001);
  EXPECT_EQ(ctx.scratch_generation(), 2);
}

TEST(Context, ScratchMemoryThatCannotGrowIsAnErrorEachTimeAndIsThereAgainForLess) {
  const Context ctx({.device = "cpu", .threads = 1});
  ctx.scratch(64);
  for (int i = 0; i < 2; ++i) EXPECT_THROW(ctx.scratch(std::int64_t{1} << 40), InternalError);
  void* const again = ctx.scratch(100);
  ASSERT_NE(again, nullptr);
  std::memset(again, 1, 100);
  EXPECT_EQ(ctx.scratch_generation(), 2);
}

TEST(Context, HasAsManyThreadsAsAskedForAndAllOfTheMachineForNone) {
  EXPECT_EQ(Context({.device = "cpu", .threads = 1}).pool().threads(), 1);
  EXPECT_EQ(Context({.device = "cpu", .threads = 3}).pool().threads(), 3);
  EXPECT_EQ(Context({.device = "cpu", .threads = 0}).pool().threads(),
            static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_EQ(refusal("cpu", -1), "train.threads is -1; expected 0 (all) or more");
}

TEST(Context, TakesACudaDeviceByANumberOfOneToFourDigits) {
  for (const char* device : {"cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cuda:12345"})
    EXPECT_EQ(refusal(device),
              "device \"" + std::string(device) + "\": expected cuda or cuda:N with a number N");
  // Well formed, and not there: no CUDA in this build, or no such device in this machine.
  for (const char* device : {"cuda:7", "cuda:99", "cuda:1234"})
    EXPECT_THAT(refusal(device),
                testing::AnyOf(testing::HasSubstr("this build has no CUDA backend"),
                               testing::HasSubstr("there is no " + std::string(device) + ";"),
                               testing::HasSubstr("no usable CUDA driver"),
                               testing::HasSubstr("this machine has no CUDA device")));
  for (const char* device : {"cuda", "cuda:0"}) {
    const std::string said = refusal(device);
    EXPECT_EQ(said.find("is not one of"), std::string::npos) << said;
    EXPECT_EQ(said.find("expected"), std::string::npos) << said;
  }
  EXPECT_THAT(refusal("gpu"), testing::HasSubstr("device \"gpu\" is not one of: cpu, reference, cuda"));
}

}  // namespace
}  // namespace thalweg
