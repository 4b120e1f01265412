#include "host/cli/unfinished_output.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "host/checkpoint/files.hpp"
#include "tests/support/default_signals.hpp"
#include "tests/support/scratch_folder.hpp"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;

class UnfinishedOutputTest : public testing::Test {
 protected:
  void SetUp() override { test::heed_signals(); }
};

/// A process that writes part of a file and gets a signal, and then, if it lives, completes the file.
void write_with_signal(const std::string& path, int signal) {
  const UnfinishedOutput unfinished(path);
  AtomicFile file(path);
  file.write("new");
  if (!fs::exists(temporary_path(parent_of(path), name_of(path)))) ::_exit(1);
  std::raise(signal);
  file.commit();
  ::_exit(0);
}

TEST_F(UnfinishedOutputTest, IsGoneWhenASignalEndsTheProcess) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const test::ScratchFolder folder;
    EXPECT_EXIT(write_with_signal(folder / "p.csv", signal), testing::KilledBySignal(signal), "");
    EXPECT_TRUE(fs::is_empty(folder.path())) << signal;
  }
}

TEST_F(UnfinishedOutputTest, IsCompletedWhereTheParentIgnoresTheSignal) {
  const test::ScratchFolder folder;
  const auto before = std::signal(SIGHUP, SIG_IGN);
  EXPECT_EXIT(write_with_signal(folder / "p.csv", SIGHUP), testing::ExitedWithCode(0), "");
  std::signal(SIGHUP, before);
  EXPECT_EQ(read_file(folder / "p.csv"), "new");
}

TEST_F(UnfinishedOutputTest, LeavesTheSignalsAsTheyWere) {
  { const UnfinishedOutput unfinished("p.csv"); }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ASSERT_EQ(sigaction(signal, nullptr, &now), 0);
    EXPECT_EQ(now.sa_handler, SIG_DFL) << signal;
  }
}

}  // namespace
}  // namespace thalweg::cli
