#include "host/checkpoint/run_lock.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "tests/support/failing_locks.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using test::ScratchFolder;

std::string refusal(const std::string& folder) {
  try {
    const RunLock lock(folder, {});
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

TEST(RunLock, ASecondRunIsRefusedAndTheHolderNamed) {
  const ScratchFolder folder;
  {
    const RunLock lock(folder.path(), {});
    const std::string words = refusal(folder.path());
    EXPECT_NE(words.find("another run writes to " + folder.path()), std::string::npos) << words;
    EXPECT_NE(words.find("pid " + std::to_string(::getpid()) + ", on "), std::string::npos) << words;
    EXPECT_NE(words.find(", since 2"), std::string::npos) << words;
    EXPECT_EQ(refusal(folder.path()), words) << "a refusal leaves the holder's words";
  }
  EXPECT_EQ(refusal(folder.path()), "") << "free again";
}

TEST(RunLock, AProcessThatDiedHoldsNothing) {
  const ScratchFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(folder.path(), {});
    ::_exit(7);  // no destructor
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 7);
  EXPECT_NE(read_file(folder / ".lock").find("pid " + std::to_string(child)), std::string::npos);
  const RunLock lock(folder.path(), {});
  EXPECT_TRUE(read_file(folder / ".lock").starts_with("pid " + std::to_string(::getpid()) + ","))
      << "the holder alone is named";
}

TEST(RunLock, WhoRemovesItsFileRemovesNoLock) {
  const ScratchFolder folder;
  {
    const RunLock lock(folder.path(), {});
    remove_path(folder / ".lock");
    EXPECT_EQ(refusal(folder.path()),
              "another run writes to " + folder.path() + "; wait for its end or give this one another out");
  }
  EXPECT_TRUE(names_in(folder.path()).empty()) << "a run that ended leaves nothing";
}

TEST(RunLock, WhatLiesUnderItsNameIsReplacedNotFollowed) {
  const ScratchFolder folder, elsewhere;
  write_file_atomically(elsewhere / "precious", "precious");
  ASSERT_EQ(::symlink((elsewhere / "precious").c_str(), (folder / ".lock").c_str()), 0);
  {
    const RunLock lock(folder.path(), {});
    EXPECT_TRUE(read_file(folder / ".lock").starts_with("pid "));
  }
  EXPECT_EQ(read_file(elsewhere / "precious"), "precious");
  ASSERT_EQ(::mkfifo((folder / ".lock").c_str(), 0600), 0);
  const RunLock lock(folder.path(), {});  // would wait for ever if it opened the pipe
  EXPECT_TRUE(read_file(folder / ".lock").starts_with("pid "));
}

TEST(RunLock, WhoHasAFolderIsToldWithoutTakingIt) {
  const ScratchFolder folder;
  EXPECT_EQ(holder_of(folder.path()), Holder::none);
  EXPECT_FALSE(was_held(folder.path()));
  {
    const RunLock lock(folder.path(), {});
    EXPECT_EQ(holder_of(folder.path()), Holder::run);
    EXPECT_EQ(holder_of(folder.path()), Holder::run) << "asking twice changes nothing";
    EXPECT_TRUE(was_held(folder.path()));
  }
  EXPECT_EQ(holder_of(folder.path()), Holder::none);
  EXPECT_FALSE(was_held(folder.path()));
  const RunLock lock(folder.path(), {});  // whoever asked has let go of it
  const test::FailingLocks none(ENOLCK);
  EXPECT_EQ(holder_of(folder.path()), Holder::unknown);
  EXPECT_THROW(holder_of(folder / "nothing"), IoError);
}

TEST(RunLock, SomebodyWhoOnlyAsksKeepsNoRunFromBeginning) {
  const ScratchFolder folder;
  const test::FailingLocks refused(EWOULDBLOCK, 2);
  EXPECT_EQ(refusal(folder.path()), "");
  EXPECT_EQ(refused.calls(), 3);
}

TEST(RunLock, AFileSystemWithoutLocksIsANote) {
  const ScratchFolder folder;
  const test::FailingLocks none(ENOLCK);
  std::vector<std::string> notes;
  const auto note = [&](const std::string& text) { notes.push_back(text); };
  const RunLock first(folder.path(), note), second(folder.path(), note);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_NE(notes[0].find(folder.path() + " cannot be locked (No locks available)"), std::string::npos);
}

TEST(RunLock, AnInterruptedCallIsMadeAgain) {
  const ScratchFolder folder;
  const test::FailingLocks interrupted(EINTR, 2);
  const RunLock lock(folder.path(), {});
  EXPECT_EQ(interrupted.calls(), 3);
  EXPECT_NE(refusal(folder.path()), "");
}

}  // namespace
}  // namespace thalweg
