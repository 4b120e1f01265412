// The disk as `thalweg bench` reads it: which blocks, and what goes wrong.
#include "host/bench/disk.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "host/checkpoint/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

using test::ScratchFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using Numbers = std::vector<std::int64_t>;

/// Files of 3 and 2 pages, and a few bytes more.
class BenchDisk : public testing::Test {
 protected:
  static std::vector<std::string> written_in(const ScratchFolder& folder) {
    write_file_atomically(folder / "a", std::string(3 * 4096 + 5, 'a'));
    write_file_atomically(folder / "b", std::string(2 * 4096 + 4000, 'b'));
    return {folder / "a", folder / "b"};
  }
  const ScratchFolder folder_;
  const std::vector<std::string> paths_ = written_in(folder_);
  const Disk disk_{paths_, 3};
};

TEST_F(BenchDisk, ASequenceGoesThroughTheWholeBlocksAndBeginsAgain) {
  EXPECT_EQ(disk_.next(DiskOrder::sequential, 4096, 7), (Numbers{0, 1, 2, 3, 4, 0, 1}));
  EXPECT_EQ(disk_.next(DiskOrder::sequential, 4096, 2), (Numbers{2, 3}));
}

TEST_F(BenchDisk, RandomBlocksComeOnceEachInAnOrderThatChanges) {
  std::vector<Numbers> turns;
  for (int turn = 0; turn < 8; ++turn) {
    turns.push_back(disk_.next(DiskOrder::random, 4096, 5));
    Numbers sorted = turns.back();
    std::sort(sorted.begin(), sorted.end());
    EXPECT_THAT(sorted, ElementsAre(0, 1, 2, 3, 4));
  }
  std::sort(turns.begin(), turns.end());
  EXPECT_GE(std::unique(turns.begin(), turns.end()) - turns.begin(), 4);
}

TEST_F(BenchDisk, ABlockIsWholePagesOfTheSmallestFile) {
  EXPECT_EQ(disk_.block_bytes(4096), 4096);
  EXPECT_EQ(disk_.block_bytes(8192), 8192);
  EXPECT_EQ(disk_.block_bytes(1 << 20), 8192);
  const std::string small = folder_ / "small";
  write_file_atomically(small, "less than a page");
  const Disk disk({paths_[0], small}, 1);
  EXPECT_EQ(disk.block_bytes(1 << 20), 4096);
}

/// A file that is cut after it was opened tells which block was read from where.
TEST_F(BenchDisk, EachBlockIsReadFromItsFileAndPlace) {
  std::filesystem::resize_file(paths_[1], 4096);
  disk_.read(DiskOrder::sequential, 4096, 4);
  try {
    disk_.read(DiskOrder::sequential, 4096, 1);
    ADD_FAILURE() << "the fifth block is gone";
  } catch (const IoError& error) {
    EXPECT_EQ(std::string(error.what()), paths_[1] + ": it ended while it was read");
  }
  std::filesystem::resize_file(paths_[0], 2 * 4096);
  disk_.read(DiskOrder::sequential, 4096, 2);
  EXPECT_THROW(disk_.read(DiskOrder::sequential, 4096, 1), IoError);
}

TEST_F(BenchDisk, AFileThatIsNotThereIsNamed) {
  try {
    const Disk disk({paths_[0], folder_ / "none"}, 1);
    ADD_FAILURE() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder_ / "none") + ": cannot be opened: No such file"));
  }
}

TEST_F(BenchDisk, ALimitIsOfTheBytesThatItReads) {
  const auto disk = std::make_shared<const Disk>(paths_, 2);
  const auto in_turn = disk_limit(disk, DiskOrder::sequential, 4096, 10);
  EXPECT_EQ(in_turn->amount(), 40960);
  EXPECT_EQ(in_turn->name(), "disk");
  EXPECT_GT(in_turn->rate(), 0);
  EXPECT_EQ(disk->next(DiskOrder::sequential, 4096, 1), (Numbers{0})) << "ten blocks are two turns of five";
  EXPECT_EQ(disk_limit(disk, DiskOrder::random, 8192, 3)->name(), "disk, random");
}

}  // namespace
}  // namespace thalweg::bench
