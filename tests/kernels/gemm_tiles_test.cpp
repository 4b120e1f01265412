// Which tile a product takes on a GPU.
#include <gtest/gtest.h>

#include "kernels/gemm/tiles.hpp"

namespace thalweg::test {
namespace {

constexpr DeviceProperties kH200{.multiprocessors = 132, .compute_major = 9, .shared_bytes = 227 * 1024};
constexpr DeviceProperties kL4{.multiprocessors = 58, .compute_major = 8, .shared_bytes = 99 * 1024};

/// Rows of the tile that a product of rows x cols, `copies` times over, takes.
int tile_rows(const DeviceProperties& gpu, std::int64_t rows, std::int64_t cols, std::int64_t copies = 1) {
  int found = 0;
  with_tile(gpu, rows, cols, copies, [&](auto shape) { found = decltype(shape)::kRows; });
  return found;
}

TEST(Tiles, AreLargeWhereOneWaveOfThemFillsTheGpu) {
  EXPECT_EQ(tile_rows(kH200, 4096, 512), 128);
  EXPECT_EQ(tile_rows(kH200, 512, 512, 8), 128);
  EXPECT_EQ(tile_rows(kH200, 8192, 8192), 128);
}

TEST(Tiles, AreSmallerWhereLargeOnesLeaveMultiprocessorsIdle) {
  EXPECT_EQ(tile_rows(kH200, 256, 512), 32);
  EXPECT_EQ(tile_rows(kH200, 1024, 512), 32);
  EXPECT_EQ(tile_rows(kH200, 1, 1), 32);
  EXPECT_EQ(tile_rows(kH200, 512, 784, 8), 64);
}

TEST(Tiles, AreSmallerWhereOneLargeTileWouldNeedASecondWave) {
  EXPECT_EQ(tile_rows(kH200, 132 * 128, 128), 128);
  EXPECT_EQ(tile_rows(kH200, 133 * 128, 128), 64);
}

TEST(Tiles, AreNotSmallWhereFewOfTheirBlocksFitIntoSharedMemory) {
  DeviceProperties roomy = kL4;
  roomy.shared_bytes = kH200.shared_bytes;
  EXPECT_EQ(tile_rows(kL4, 1024, 512), 64);
  EXPECT_EQ(tile_rows(roomy, 1024, 512), 32);
}

TEST(Tiles, TakeTheClocksOfWhatBindsThem) {
  EXPECT_NEAR(clocks_of<LargeTile>(132, kH200), 148.84, 0.01);   // issue: 8 warps of 64 / 0.86, 4 schedulers
  EXPECT_NEAR(clocks_of<LargeTile>(133, kH200), 297.67, 0.01);   // two on one multiprocessor
  EXPECT_NEAR(clocks_of<MediumTile>(132, kH200), 67.08, 0.01);   // one warp: 32 * 1.25 + 9.03 * 3
  EXPECT_NEAR(clocks_of<MediumTile>(528, kH200), 164.10, 0.01);  // issue of four
  EXPECT_NEAR(clocks_of<SmallTile>(528, kH200), 51.20, 0.01);    // L2: 4 * 256 bytes, 20 a clock
  EXPECT_NEAR(clocks_of<SmallTile>(174, kL4), 72.00, 0.01);  // two waves of a warp, because two blocks fit
}

}  // namespace
}  // namespace thalweg::test
