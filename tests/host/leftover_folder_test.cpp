// What was left of a folder, and its lock.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/failing_locks.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// What a process that is gone left of set/: a folder of so many files.
std::string leave(const test::ScratchFolder& root, int files) {
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  EXPECT_EQ(::waitpid(dead, nullptr, 0), dead);
  std::string left = root / (".tmp-set-" + std::to_string(dead));
  fs::create_directory(left);
  for (int i = 0; i < files; ++i) test::overwrite(left + "/" + std::to_string(i), "left");
  return left;
}

TEST(LeftoverFolder, TwoThreadsDoNotWriteTheSameFolder) {
  const test::ScratchFolder root;
  const AtomicFolder first(root / "set", Leftovers::reused);
  try {
    const AtomicFolder second(root / "set", Leftovers::reused);
    ADD_FAILURE();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("set: it is being written already"));
  }
  EXPECT_TRUE(fs::exists(first.temporary()));
}

TEST(LeftoverFolder, OneThatIsHeldIsNotRemoved) {
  const test::ScratchFolder root;
  const std::string left = leave(root, 2);
  {
    const auto hold = hold_folder(left, "left");
    const AtomicFolder folder(root / "set");
    EXPECT_EQ(test::entries(left).size(), 2u);
  }
  const AtomicFolder folder(root / "set");
  EXPECT_FALSE(fs::exists(left));
}

TEST(LeftoverFolder, OneThatIsHeldKeepsItsNameAndTheFullestOfTheOthersIsTakenOver) {
  const test::ScratchFolder root;
  leave(root, 1);
  const std::string held = leave(root, 4), fullest = leave(root, 3);
  leave(root, 2);
  const auto hold = hold_folder(held, "held");
  const AtomicFolder folder(root / "set", Leftovers::reused);
  EXPECT_EQ(folder.found(), 3);
  EXPECT_FALSE(fs::exists(fullest));
  EXPECT_EQ(test::entries(root.path()).size(), 2u);
  EXPECT_EQ(test::entries(held).size(), 4u);
}

TEST(LeftoverFolder, OneThatWasTakenOverIsHeld) {
  const test::ScratchFolder root;
  leave(root, 1);
  const AtomicFolder folder(root / "set", Leftovers::reused);
  EXPECT_EQ(hold_if_free(folder.temporary()), nullptr);
}

TEST(LeftoverFolder, ALockEndsWithItsHolder) {
  const test::ScratchFolder root;
  { const auto hold = hold_folder(root.path(), "first"); }
  EXPECT_NE(hold_if_free(root.path()), nullptr);
}

TEST(LeftoverFolder, AnInterruptedLockIsAskedForAgain) {
  const test::ScratchFolder root;
  const test::FailingLocks interrupted(EINTR, 1);
  const AtomicFolder first(root / "set", Leftovers::reused);
  EXPECT_EQ(interrupted.calls(), 2);
  EXPECT_THROW(AtomicFolder(root / "set", Leftovers::reused), IoError);
}

TEST(LeftoverFolder, EveryByteOfAFileIsCompared) {
  const test::ScratchFolder root;
  std::string bytes(3 << 20, 'a');
  bytes[1 << 20] = 'b';
  const std::string file = root / "file";
  test::overwrite(file, bytes);
  const auto holds = [&](const std::string& expected) {
    const std::string_view all(expected);
    const std::string_view parts[] = {all.substr(0, 10), "", all.substr(10)};
    return file_holds(file, parts);
  };
  EXPECT_TRUE(holds(bytes));
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{9}, std::size_t{10}, std::size_t{1} << 20, bytes.size() - 1}) {
    std::string other = bytes;
    other[at] = 'c';
    EXPECT_FALSE(holds(other)) << at;
  }
  EXPECT_FALSE(holds(bytes + "a"));
  EXPECT_FALSE(holds(bytes.substr(1)));
  EXPECT_FALSE(file_holds(root / "none", {}));
}

}  // namespace
}  // namespace thalweg
