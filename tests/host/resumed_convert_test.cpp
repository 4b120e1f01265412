// Conversions that are killed: the next one takes over what they left, and its bytes are those of a whole
// one.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <random>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/failing_locks.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/shard_data.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kRows = 20'000, kWidth = 16, kShards = 20;
const ConvertOptions kOptions{.shard_bytes = 4 * kRows * kWidth / kShards};

/// The number of a process that is gone.
std::string dead_process() {
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  EXPECT_EQ(::waitpid(dead, nullptr, 0), dead);
  return std::to_string(dead);
}

std::map<std::string, std::string> bytes_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const std::string& name : test::entries(folder)) files[name] = read_file(folder + "/" + name);
  return files;
}

ino_t inode(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_ino;
}

class ResumedConvert : public ::testing::Test {
 protected:
  ResumedConvert() {
    write_shards(data_, root_ / "whole", kOptions);
    whole_ = bytes_of(root_ / "whole");
  }
  /// What a process that is gone left of out/: the first shards.
  std::string leave(std::int64_t shards) const {
    std::string left = root_ / (".tmp-out-" + dead_process());
    fs::create_directory(left);
    for (std::int64_t i = 0; i < shards; ++i) fs::copy(root_ / "whole" + "/" + name(i), left + "/" + name(i));
    return left;
  }
  static std::string name(std::int64_t index) {
    return "shard-000" + std::string(index < 10 ? "0" : "") + std::to_string(index) + ".safetensors";
  }
  std::vector<std::string> convert(const Dataset& data, const ConvertOptions& options = kOptions) const {
    return write_shards(data, root_ / "out", options).notes;
  }
  /// out/ is there, whole, and nothing else that is new.
  void expect_whole() const {
    EXPECT_TRUE(bytes_of(root_ / "out") == whole_);
    EXPECT_THAT(test::entries(root_.path()), ElementsAre("out", "whole"));
  }

  const test::FaultyFiles nothing_waits_for_the_disk_;
  const test::ScratchFolder root_;
  const Dataset data_ = test::dense_floats(kRows, kWidth);
  std::map<std::string, std::string> whole_;
};

TEST_F(ResumedConvert, AShardThatIsThereIsNotWrittenAgain) {
  const std::string left = leave(3);
  const ino_t second = inode(left + "/" + name(1));
  EXPECT_THAT(convert(data_),
              ElementsAre("3 of 20 shards were there already, from a conversion that was cut off"));
  EXPECT_EQ(inode(root_ / "out/" + name(1)), second);
  expect_whole();
}

TEST_F(ResumedConvert, AShardThatWasCutOrChangedIsWrittenAgain) {
  const std::string left = leave(4);
  fs::resize_file(left + "/" + name(1), fs::file_size(left + "/" + name(1)) - 1);
  std::string bytes = read_file(left + "/" + name(2));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  test::overwrite(left + "/" + name(2), bytes);
  test::overwrite(left + "/" + name(3), read_file(left + "/" + name(3)) + "x");
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("1 of 20 shards were there already")));
  expect_whole();
}

constexpr char kNothingUsed[] =
    "a conversion that was cut off had left nothing that could be used; all shards are new";

TEST_F(ResumedConvert, OfAFirstShardThatWasCutOffNothingIsUsed) {
  const std::string first = leave(1) + "/" + name(0);
  fs::resize_file(first, fs::file_size(first) / 2);
  EXPECT_THAT(convert(data_), ElementsAre(kNothingUsed));
  expect_whole();
}

TEST_F(ResumedConvert, OtherRowsStartAnewAndSaySo) {
  leave(5);
  Dataset other = data_;
  for (float& target : other.target) target += 1;
  EXPECT_THAT(convert(other), ElementsAre(kNothingUsed));
  EXPECT_EQ(open_shards(root_ / "out").target, other.target);
}

TEST_F(ResumedConvert, ShardsBeyondTheLastOneAreRemoved) {
  leave(kShards);
  EXPECT_THAT(convert(data_, {.shard_bytes = 4 * kRows * kWidth}), ElementsAre(kNothingUsed));
  EXPECT_THAT(test::entries(root_ / "out"), ElementsAre("manifest.json", name(0)));
  EXPECT_EQ(open_shards(root_ / "out").target, data_.target);
}

TEST_F(ResumedConvert, AWholeSetThatHadNotItsNameYetIsReused) {
  const std::string left = leave(kShards);
  fs::copy(root_ / "whole/manifest.json", left + "/manifest.json");
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("20 of 20 shards were there already")));
  expect_whole();
}

TEST_F(ResumedConvert, OfSeveralLeftoversTheFullestCounts) {
  leave(2), leave(7), leave(4);
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("7 of 20")));
  expect_whole();
}

/// As in a container, whose first process is always number 1.
TEST_F(ResumedConvert, ALeftoverMayHaveTheNumberOfThisProcess) {
  fs::rename(leave(6), root_ / (".tmp-out-" + std::to_string(::getpid())));
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("6 of 20")));
  expect_whole();
}

TEST_F(ResumedConvert, WhatALivingProcessWritesIsLeftAlone) {
  const std::string living = root_ / (".tmp-out-" + std::to_string(::getppid()));
  fs::rename(leave(2), living);
  EXPECT_THAT(convert(data_), ElementsAre());
  EXPECT_EQ(test::entries(living).size(), 2u);
}

/// As in two containers with one volume: neither sees that the other's processes live.
TEST_F(ResumedConvert, ALeftoverThatIsHeldIsAnotherContainersAndLeftAlone) {
  const std::string writes = leave(5);
  leave(3);
  const ino_t folder = inode(writes);
  const auto hold = hold_folder(writes, "writes");
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("3 of 20")));
  EXPECT_EQ(inode(writes), folder);
  EXPECT_EQ(test::entries(writes).size(), 5u);
  EXPECT_TRUE(bytes_of(root_ / "out") == whole_);
}

TEST_F(ResumedConvert, AnErrorLeavesNothingOfWhatWasTakenOver) {
  leave(5);
  { const AtomicFolder unfinished(root_ / "out", Leftovers::reused); }
  EXPECT_THAT(test::entries(root_.path()), ElementsAre("whole"));
}

TEST_F(ResumedConvert, ReusedFilesAreOnTheDiskToo) {
  leave(1);
  const std::string bytes = whole_.at(name(0));
  const test::FaultyFiles counted;
  AtomicFolder folder(root_ / "out", Leftovers::reused);
  const int before = counted.calls(test::FileOp::fsync);
  const std::string_view parts[] = {std::string_view(bytes).substr(0, 5), std::string_view(bytes).substr(5)};
  folder.write(name(0), parts);
  EXPECT_EQ(folder.reused(), 1);
  EXPECT_EQ(counted.calls(test::FileOp::fsync), before + 1);
  EXPECT_EQ(counted.calls(test::FileOp::write), 0);
}

TEST_F(ResumedConvert, AFileSystemWithoutLocksIsWrittenToAllTheSame) {
  const test::FailingLocks none(ENOLCK);
  leave(3);
  EXPECT_THAT(convert(data_), ElementsAre(HasSubstr("3 of 20")));
  expect_whole();
}

/// Whether a process that converts is killed amid it, so that its folder stays.
bool killed_amid(const std::function<void()>& convert, const std::string& root, useconds_t after) {
  const pid_t child = ::fork();
  if (child == 0) {
    convert();
    ::_exit(0);
  }
  ::usleep(after);
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  return fs::exists(root + "/.tmp-out-" + std::to_string(child));
}

TEST_F(ResumedConvert, KilledAtAnyMomentItGoesOnToTheSameBytes) {
  const auto begin = std::chrono::steady_clock::now();
  convert(data_);
  const std::chrono::microseconds whole =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  fs::remove_all(root_ / "out");
  std::mt19937 random(7);
  int amid = 0;
  for (int kills = 0; kills < 25 || (amid == 0 && kills < 400); ++kills) {
    const auto after = static_cast<useconds_t>(random() % static_cast<std::uint64_t>(whole.count()));
    if (killed_amid([&] { convert(data_); }, root_.path(), after)) ++amid;
    if (kills % 3 == 2 || fs::exists(root_ / "out")) {
      if (!fs::exists(root_ / "out")) convert(data_);
      expect_whole();
      fs::remove_all(root_ / "out");
    }
  }
  EXPECT_GT(amid, 0);
}

}  // namespace
}  // namespace thalweg
