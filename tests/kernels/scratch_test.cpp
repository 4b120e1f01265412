// Scratch memory, and with it that kernels/ needs nothing of host/: this program links its objects alone.
#include "kernels/base/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels/activation/activation.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/memory_ops.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 20;

/// What the memory of the tests was asked for.
struct Seen {
  std::vector<std::int64_t> allocated;
  int released = 0, synchronized = 0;
} seen;

void* allocate(std::int64_t bytes) {
  if (bytes > kMostBytes) throw InternalError("out of memory");
  seen.allocated.push_back(bytes);
  return std::aligned_alloc(256, static_cast<std::size_t>((bytes + 255) / 256 * 256));
}
void release(void* memory) {
  ++seen.released;
  std::free(memory);
}
void copy(const Device&, void* to, const void* from, std::int64_t bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}
void zero(const Device&, void* to, std::int64_t bytes) {
  std::memset(to, 0, static_cast<std::size_t>(bytes));
}
void synchronize(const Device&) { ++seen.synchronized; }

const MemoryOps memory{.allocate = &allocate,
                       .release = &release,
                       .upload = &copy,
                       .download = &copy,
                       .copy = &copy,
                       .zero = &zero,
                       .synchronize = &synchronize,
                       .allocate_staging = &allocate,
                       .release_staging = &release};

class ScratchTest : public testing::Test {
 protected:
  ScratchTest() { seen = {}; }

  /// A frame with pieces of these sizes, and inside it one with `inner`.
  void run(const std::vector<std::int64_t>& outer, const std::vector<std::int64_t>& inner) const {
    const Scratch::Frame frame(device_);
    for (const std::int64_t bytes : outer) frame.take_bytes(bytes);
    const Scratch::Frame inside(device_);
    for (const std::int64_t bytes : inner) inside.take_bytes(bytes);
  }

  ThreadPool pool_{1};
  Scratch scratch_{memory};
  const Device device_{.pool = pool_, .scratch = scratch_};
};

TEST_F(ScratchTest, MovesOnlyWhenItHasToGrow) {
  EXPECT_EQ(scratch_.generation(), 0);
  void* const first = Scratch::Frame(device_).take_bytes(1000);
  EXPECT_EQ(scratch_.generation(), 1);
  EXPECT_EQ(Scratch::Frame(device_).take_bytes(1), first);
  EXPECT_EQ(Scratch::Frame(device_).take_bytes(1000), first);
  EXPECT_EQ(scratch_.generation(), 1);
  std::memset(Scratch::Frame(device_).take_bytes(1001), 1, 1001);
  EXPECT_EQ(scratch_.generation(), 2);
  EXPECT_THAT(seen.allocated, testing::ElementsAre(1000, 1001));
}

TEST_F(ScratchTest, IsGivenBackOnlyOnceTheDeviceIsDoneWithIt) {
  run({100}, {});
  EXPECT_EQ(seen.synchronized, 0);
  run({200}, {});
  EXPECT_EQ(seen.synchronized, 1);
  EXPECT_EQ(seen.released, 1);
}

TEST_F(ScratchTest, PiecesOfAFrameAndOfAnInnerOneLieApartOn256Bytes) {
  run({3000}, {});  // some pieces lie in this chunk, others in chunks of their own
  const Scratch::Frame outer(device_);
  std::vector<std::pair<unsigned char*, std::size_t>> pieces;
  const auto take = [&](const Scratch::Frame& frame, std::size_t bytes) {
    pieces.emplace_back(frame.take<unsigned char>(static_cast<std::int64_t>(bytes)), bytes);
    std::memset(pieces.back().first, static_cast<int>(pieces.size()), bytes);
  };
  take(outer, 1000);
  take(outer, 1);
  const Scratch::Frame inner(device_);
  take(inner, 1500);
  take(inner, 500);
  take(outer, 700);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto [begin, size] = pieces[i];
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % 256, 0u) << i;
    EXPECT_TRUE(std::all_of(begin, begin + size, [i](unsigned char c) { return c == i + 1; })) << i;
  }
}

TEST_F(ScratchTest, AFrameThatEndsLeavesItsPlaceToTheNext) {
  run({1000}, {});
  const Scratch::Frame outer(device_);
  outer.take_bytes(100);
  void* const first = Scratch::Frame(device_).take_bytes(100);
  EXPECT_EQ(Scratch::Frame(device_).take_bytes(100), first);
  EXPECT_EQ(seen.allocated.size(), 1u);
}

TEST_F(ScratchTest, CallsThatHaveRunAllocateNothingWhenTheyRunAgain) {
  const auto step = [this] {
    run({100, 5000}, {300});
    run({6000}, {});
    run({40, 40, 40}, {7000, 20});
    run({200}, {});
    run({6500, 900}, {100});
  };
  step();
  const std::size_t allocations = seen.allocated.size();
  const std::int64_t generation = scratch_.generation();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(seen.allocated.size(), allocations);
  EXPECT_EQ(scratch_.generation(), generation);
}

TEST_F(ScratchTest, OneChunkWithRoomForTheMostTakesThePlaceOfAll) {
  run({256, 500}, {1000});
  EXPECT_THAT(seen.allocated, testing::ElementsAre(256, 500, 1000));
  run({300}, {});
  EXPECT_THAT(seen.allocated, testing::ElementsAre(256, 500, 1000, 256 + 512 + 1000));
  EXPECT_EQ(seen.released, 3);
  run({1200}, {});  // has room
  EXPECT_EQ(seen.allocated.size(), 4u);
}

TEST_F(ScratchTest, OnAStreamChunksStayUntilOneHasToGrow) {
  int stream = 0;
  const Device device{.pool = pool_, .scratch = scratch_, .stream = &stream};
  const auto run_there = [&device](std::int64_t first, std::int64_t second) {
    const Scratch::Frame frame(device);
    frame.take_bytes(first);
    frame.take_bytes(second);
  };
  run_there(256, 1000);
  run_there(256, 1000);
  run_there(100, 0);
  EXPECT_THAT(seen.allocated, testing::ElementsAre(256, 1000));
  run_there(1100, 0);
  EXPECT_THAT(seen.allocated, testing::ElementsAre(256, 1000, 1256));
}

TEST_F(ScratchTest, APieceThatFitsOnlyOutOfAlignmentGetsAChunkOfItsOwn) {
  run({1000}, {});
  run({100, 880}, {});
  EXPECT_THAT(seen.allocated, testing::ElementsAre(1000, 880));
}

TEST_F(ScratchTest, ThatCannotGrowIsAnErrorEachTimeAndIsThereAgainForLess) {
  run({64}, {});
  for (int i = 0; i < 2; ++i) EXPECT_THROW(run({kMostBytes + 1}, {}), InternalError);
  void* const again = Scratch::Frame(device_).take_bytes(100);
  ASSERT_NE(again, nullptr);
  std::memset(again, 1, 100);
  EXPECT_EQ(scratch_.generation(), 2);
}

TEST_F(ScratchTest, ThatCannotGrowInsideAFrameLeavesItsPieces) {
  const Scratch::Frame frame(device_);
  auto* const kept = frame.take<std::int32_t>(4);
  std::fill(kept, kept + 4, 7);
  EXPECT_THROW(run({kMostBytes + 1}, {}), InternalError);
  EXPECT_EQ(std::count(kept, kept + 4, 7), 4);
  EXPECT_EQ(seen.released, 0);
}

TEST_F(ScratchTest, NoBytesAreNoPiece) {
  EXPECT_EQ(Scratch::Frame(device_).take_bytes(0), nullptr);
  EXPECT_TRUE(seen.allocated.empty());
}

TEST_F(ScratchTest, AnOpRunsOnADeviceMadeByHand) {
  const float input[] = {-1.0f, 2.0f};
  float output[2] = {};
  activation_reference.forward(device_,
                               {.kind = Activation::relu, .size = 2, .input = input, .output = output});
  EXPECT_EQ(output[0], 0.0f);
  EXPECT_EQ(output[1], 2.0f);
}

}  // namespace
}  // namespace thalweg
