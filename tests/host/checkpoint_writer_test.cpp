#include "host/checkpoint/checkpoint_writer.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

CheckpointData checkpoint_at(std::int64_t step) {
  CheckpointData data;
  data.parameters = {{"layers.0.weight", {2}, {static_cast<float>(step), 2}}};
  data.step = step;
  data.config_toml = "seed = 1\n";
  data.data_fingerprint = "f";
  return data;
}

/// A disk whose fsync hangs until the gate opens.
std::atomic<bool> gate{true};
int gated_fsync(int) {
  while (!gate) std::this_thread::sleep_for(std::chrono::microseconds(100));
  return 0;
}
FileOps gated_ops() {
  FileOps ops = system_file_ops;
  ops.fsync = &gated_fsync;
  return ops;
}

TEST(CheckpointWriter, GivesTheBytesOfWriteCheckpoint) {
  const test::ScratchFolder root;
  write_checkpoint(checkpoint_folder(root / "direct", 7), checkpoint_at(7));
  CheckpointWriter writer;
  writer.submit({root / "thread", checkpoint_at(7), 3, {}});
  writer.finish();
  for (const char* file : {"model.safetensors", "state.safetensors", "config.toml", "manifest.json"}) {
    EXPECT_EQ(read_file(checkpoint_folder(root / "thread", 7) + "/" + file),
              read_file(checkpoint_folder(root / "direct", 7) + "/" + file));
  }
}

TEST(CheckpointWriter, DoesNotMakeTheRunWaitForTheDisk) {
  const test::ScratchFolder root;
  const FileOps ops = gated_ops();
  const ScopedFileOps scope(ops);
  gate = false;
  CheckpointWriter writer;
  writer.submit({root.path(), checkpoint_at(1), 3, {}});  // would never return if it waited
  writer.check();
  EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(root.path(), 1)));
  gate = true;
  writer.finish();
  EXPECT_EQ(read_checkpoint(checkpoint_folder(root.path(), 1)).step, 1);
}

/// Signals that the thread which writes does not block, but those that no thread can.
std::vector<int> unblocked;
int fsync_that_looks_at_signals(int) {
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  unblocked.clear();
  for (int signal = 1; signal < 32; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP && sigismember(&now, signal) == 0) unblocked.push_back(signal);
  return 0;
}

TEST(CheckpointWriter, LeavesTheSignalsOfTheProgramToItsOwnThreads) {
  const test::ScratchFolder root;
  FileOps ops = system_file_ops;
  ops.fsync = &fsync_that_looks_at_signals;
  const ScopedFileOps scope(ops);
  CheckpointWriter writer;
  writer.submit({root.path(), checkpoint_at(1), 3, {}});
  sigset_t here;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &here);
  EXPECT_EQ(sigismember(&here, SIGINT), 0) << "the caller's stay as they were";
  writer.finish();
  std::vector<int> faults{SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
  std::sort(faults.begin(), faults.end());
  EXPECT_EQ(unblocked, faults);
}

TEST(CheckpointWriter, DropsNoCheckpointAndPrunes) {
  const test::ScratchFolder root;
  CheckpointWriter writer;
  for (std::int64_t step = 1; step <= 6; ++step) writer.submit({root.path(), checkpoint_at(step), 2, {3}});
  writer.finish();
  for (std::int64_t step = 1; step <= 6; ++step) {
    EXPECT_EQ(std::filesystem::exists(checkpoint_folder(root.path(), step)), step == 3 || step >= 5) << step;
  }
}

/// A run that went on from an older checkpoint than the newest.
TEST(CheckpointWriter, NeverPrunesWhatItJustWrote) {
  const test::ScratchFolder root;
  write_checkpoint(checkpoint_folder(root.path(), 9), checkpoint_at(9));
  CheckpointWriter writer;
  for (const std::int64_t step : {4, 5}) writer.submit({root.path(), checkpoint_at(step), 1, {}});
  writer.finish();
  EXPECT_EQ(read_checkpoint(checkpoint_folder(root.path(), 5)).step, 5);
  EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(root.path(), 4)));
}

/// A run that went on from step 6 past two damaged ones and saves at 7.
TEST(CheckpointWriter, DamagedOnesPushOutNoValidOne) {
  const test::ScratchFolder root;
  for (const std::int64_t step : {4, 5, 6})
    write_checkpoint(checkpoint_folder(root.path(), step), checkpoint_at(step));
  for (const std::int64_t step : {8, 9})
    std::filesystem::create_directory(checkpoint_folder(root.path(), step));
  CheckpointWriter writer;
  writer.submit({root.path(), checkpoint_at(7), 2, {}});
  writer.finish();
  for (const std::int64_t step : {6, 7})
    EXPECT_EQ(read_checkpoint(checkpoint_folder(root.path(), step)).step, step);
  for (const std::int64_t step : {4, 5})
    EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(root.path(), step)));
}

/// What was read whole when the run began, and what it wrote itself, counts without being read again.
TEST(CheckpointWriter, ReadsNoCheckpointThatItKnows) {
  const test::ScratchFolder root;
  for (const std::int64_t step : {1, 2})
    write_checkpoint(checkpoint_folder(root.path(), step), checkpoint_at(step));
  CheckpointWriter writer;
  writer.set_valid(checkpoint_folder(root.path(), 2));
  remove_path(checkpoint_folder(root.path(), 2) + "/config.toml");  // would tell of a reading
  for (const std::int64_t step : {3, 4}) {
    writer.submit({root.path(), checkpoint_at(step), 2, {}});
    writer.finish();
    EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(root.path(), step - 2)))
        << step - 1 << " was read again, and so " << step - 2 << " was kept";
    remove_path(checkpoint_folder(root.path(), step) + "/config.toml");
  }
  writer.submit({root.path(), checkpoint_at(5), 2, {}});
  writer.finish();
  EXPECT_TRUE(std::filesystem::exists(checkpoint_folder(root.path(), 4)));
  EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(root.path(), 3))) << "4 was read again";
}

TEST(CheckpointWriter, AnErrorSurfacesOnceAtTheNextCall) {
  const test::ScratchFolder root;
  CheckpointWriter writer;
  {
    const test::FaultyFiles faulty({test::FileOp::fsync, 0, EIO, true});
    writer.submit({root.path(), checkpoint_at(1), 3, {}});
    EXPECT_THROW(writer.finish(), IoError);
    EXPECT_GT(faulty.landed(), 0);
    writer.submit({root.path(), checkpoint_at(2), 3, {}});
    EXPECT_THROW(writer.submit({root.path(), checkpoint_at(3), 3, {}}), IoError);
    writer.submit({root.path(), checkpoint_at(4), 3, {}});
    EXPECT_THROW(
        {
          for (int i = 0; i < 10000; ++i) {
            writer.check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        },
        IoError);
  }
  EXPECT_NO_THROW(writer.check());
  writer.submit({root.path(), checkpoint_at(5), 3, {}});
  writer.finish();
  EXPECT_EQ(read_checkpoint(checkpoint_folder(root.path(), 5)).step, 5);
}

TEST(CheckpointWriter, ItsEndWaitsForTheThread) {
  const test::ScratchFolder root;
  {
    CheckpointWriter writer;
    writer.submit({root.path(), checkpoint_at(1), 3, {}});
  }
  EXPECT_EQ(read_checkpoint(checkpoint_folder(root.path(), 1)).step, 1);
}

}  // namespace
}  // namespace thalweg
