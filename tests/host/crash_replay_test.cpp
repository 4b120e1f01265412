// The power fails at every moment of a save: whatever the disk has kept, the newest valid checkpoint is the
// last one whose write returned, or a later one; nothing on the disk looks like a damaged checkpoint.
#include "tests/support/crash_replay.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using test::DiskCall;
using test::for_each_crash;
using test::ScratchFolder;

/// The first number of the parameters tells one checkpoint from another.
CheckpointData numbered(std::int64_t step, float number) {
  CheckpointData data;
  data.parameters = {{"layers.0.weight", {3}, {number, -1, 2}}};
  data.states = {{"layers.0.weight/momentum", {3}, {1, number, 3}}};
  data.step = step;
  data.config_toml = "seed = 1\n";
  data.data_fingerprint = "f";
  return data;
}

/// What must hold from a call on: the newest valid checkpoint has one of these numbers.
struct Promise {
  std::size_t from;
  std::vector<float> numbers;  ///< none: there may be no checkpoint
  bool damaged = false;        ///< a checkpoint that was damaged before may still be there
};

class Saves {
 public:
  /// Writes and prunes; until it returns, what was promised before holds too.
  void save(const CheckpointData& data, std::int64_t keep) {
    const float number = data.parameters[0].values[0];
    std::vector<float> either = last_;
    if (!last_.empty()) either.push_back(number);
    promise(either);
    write_checkpoint(checkpoint_folder(root(), data.step), data);
    last_ = {number};
    promise(last_);
    KnownCheckpoints known;
    prune_checkpoints(root(), keep, {}, known);
  }
  /// As a disk error would: through the recorded calls, so that the model knows of it.
  void damage(std::int64_t step, const std::vector<float>& left) {
    last_ = left;
    damaged_ = true;
    promise(last_);
    remove_path(checkpoint_folder(root(), step) + "/config.toml");
    sync_folder(checkpoint_folder(root(), step));
  }
  /// A program that is killed between renaming and removing: nothing of it is durable.
  void interrupted_prune(std::int64_t step) {
    last_.clear();
    promise(last_);
    const std::string folder = checkpoint_folder(root(), step);
    rename_path(folder, temporary_path(root(), name_of(folder)));
  }
  void mended() { damaged_ = false; }
  void restart(std::vector<float> numbers) { last_ = std::move(numbers); }

  std::string root() const { return folder_ / "run/checkpoints"; }
  const std::vector<DiskCall>& calls() const { return recorded_.calls(); }
  const std::vector<Promise>& promises() const { return promises_; }

 private:
  void promise(std::vector<float> numbers) {
    promises_.push_back({recorded_.calls().size(), std::move(numbers), damaged_});
  }

  ScratchFolder folder_;
  test::RecordedCalls recorded_{folder_.path()};
  std::vector<float> last_;
  bool damaged_ = false;
  std::vector<Promise> promises_;
};

/// What the crash has left against the promise; "" when it is kept.
std::string broken(const std::string& disk, const Promise& promise) {
  std::vector<std::string> reports, ignored;
  verify_checkpoints(disk + "/run", reports);
  if (!reports.empty() && !promise.damaged) return reports[0];
  const auto newest = newest_valid_checkpoint(disk + "/run/checkpoints", ignored);
  if (!newest) return promise.numbers.empty() ? "" : "no valid checkpoint is left";
  const float number = read_checkpoint(*newest).parameters[0].values[0];
  const bool promised =
      promise.numbers.empty() || std::count(promise.numbers.begin(), promise.numbers.end(), number) > 0;
  return promised ? "" : "the newest valid checkpoint is " + std::to_string(number);
}

struct Finding {
  int disks = 0, broken = 0;
  std::string first;
};

/// Every crash at every moment of `calls`; with `skipped`, as if that call had not been made.
Finding replay(const Saves& saves, std::size_t skipped = SIZE_MAX) {
  std::vector<DiskCall> calls = saves.calls();
  std::vector<Promise> promises = saves.promises();
  if (skipped != SIZE_MAX) {
    calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(skipped));
    for (Promise& promise : promises) promise.from -= promise.from > skipped ? 1 : 0;
  }
  const ScratchFolder scratch;
  const std::string disk = scratch / "disk";
  Finding finding;
  std::size_t current = 0;
  for (std::size_t done = 0; done <= calls.size(); ++done) {
    while (current + 1 < promises.size() && promises[current + 1].from <= done) ++current;
    finding.disks += for_each_crash(calls, done, disk, [&] {
      const std::string what = broken(disk, promises[current]);
      finding.broken += what.empty() ? 0 : 1;
      if (!what.empty() && finding.first.empty()) finding.first = std::to_string(done) + " calls: " + what;
    });
    if (skipped != SIZE_MAX && finding.broken > 0) break;  // it was missed
  }
  return finding;
}

void expect_kept(const Saves& saves) {
  const Finding finding = replay(saves);
  EXPECT_EQ(finding.broken, 0) << finding.first;
  EXPECT_GT(finding.disks, 100);
  std::printf("%zu calls, %d disks\n", saves.calls().size(), finding.disks);
}

/// Each fsync of calls [from, to) is needed: without it, some disk breaks a promise.
void expect_every_sync_missed(const Saves& saves, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (!saves.calls()[i].is_sync()) continue;
    EXPECT_GT(replay(saves, i).broken, 0) << "nobody misses the fsync of " << saves.calls()[i].path;
  }
}

TEST(CrashReplay, ASaveIsThereOnceItReturnedAndTheOneBeforeUntilThen) {
  for (const std::int64_t keep : {1, 2}) {
    Saves saves;
    for (const std::int64_t step : {1, 2, 3}) saves.save(numbered(step, static_cast<float>(step)), keep);
    expect_kept(saves);
  }
}

TEST(CrashReplay, EveryFsyncOfASaveIsNeeded) {
  Saves saves;
  saves.save(numbered(1, 1), 1);
  const std::size_t before = saves.calls().size();
  saves.save(numbered(2, 2), 1);
  expect_every_sync_missed(saves, 0, saves.calls().size());
  EXPECT_GT(saves.calls().size(), before + 10);
}

TEST(CrashReplay, AStepSavedAgainWithOtherContentIsOldOrNew) {
  Saves saves;
  saves.save(numbered(1, 1), 1);
  const std::size_t before = saves.calls().size();
  saves.save(numbered(1, 11), 1);
  saves.save(numbered(1, 12), 1);
  expect_kept(saves);
  expect_every_sync_missed(saves, before, saves.calls().size());
}

TEST(CrashReplay, AStepThatReplacesADamagedOneLeavesTheOneBefore) {
  Saves saves;
  saves.save(numbered(1, 1), 2);
  saves.save(numbered(2, 2), 2);
  saves.damage(2, {1, 2});
  saves.restart({1});
  saves.save(numbered(2, 22), 2);
  saves.mended();
  saves.save(numbered(3, 3), 2);
  expect_kept(saves);
}

TEST(CrashReplay, APruneThatWasInterruptedLeavesNothingThatLooksDamaged) {
  Saves saves;
  saves.save(numbered(1, 1), 1);
  saves.interrupted_prune(1);
  const std::size_t before = saves.calls().size();
  saves.save(numbered(2, 2), 1);
  expect_kept(saves);
  expect_every_sync_missed(saves, before, saves.calls().size());
}

TEST(CrashReplay, AnAtomicFileIsOldOrNewAndNewOnceItIsCommitted) {
  const ScratchFolder folder;
  std::vector<DiskCall> calls;
  std::vector<std::size_t> committed;
  {
    const test::RecordedCalls recorded(folder.path());
    for (const char* text : {"old", "new"}) {
      write_file_atomically(folder / "file", text);
      committed.push_back(recorded.calls().size());
    }
    calls = recorded.calls();
  }
  const auto kept = [&](const std::vector<DiskCall>& made, std::size_t lost) {
    const ScratchFolder scratch;
    int broken = 0;
    for (std::size_t done = committed[0] - lost; done <= made.size(); ++done) {
      for_each_crash(made, done, scratch / "disk", [&] {
        const std::string path = scratch / "disk/file";
        const std::string text = path_exists(path) ? read_file(path) : "nothing";
        broken += text == "new" || (text == "old" && done < made.size()) ? 0 : 1;
      });
    }
    return broken == 0;
  };
  EXPECT_TRUE(kept(calls, 0));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    std::vector<DiskCall> made = calls;
    made.erase(made.begin() + static_cast<std::ptrdiff_t>(i));
    if (!calls[i].is_sync()) continue;
    EXPECT_FALSE(kept(made, i < committed[0] ? 1 : 0)) << "nobody misses " << i;
  }
}

/// Between the renames of a replacement: the old one has its spare name, and the next run cleans up.
TEST(CrashReplay, AReplacementThatWasInterruptedIsTakenUpAndCleaned) {
  const ScratchFolder root;
  write_checkpoint(root / "step-000000007", numbered(7, 1));
  std::filesystem::rename(root / "step-000000007", root / "step-0000000007");
  std::vector<std::string> reports;
  EXPECT_EQ(newest_valid_checkpoint(root.path(), reports), root / "step-0000000007");
  write_checkpoint(root / "step-000000007", numbered(7, 2));
  EXPECT_EQ(names_in(root.path()), std::vector<std::string>{"step-000000007"});
  EXPECT_EQ(read_checkpoint(root / "step-000000007").parameters[0].values[0], 2.0F);
}

}  // namespace
}  // namespace thalweg
