#pragma once
// Checkpoints written while the run goes on.
#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "host/checkpoint/checkpoint.hpp"

namespace thalweg {

/// A checkpoint to write, and the number of checkpoints to keep.
struct CheckpointJob {
  std::string root;
  CheckpointData data;  ///< a snapshot, no longer touched by the run
  std::int64_t keep = 1;
  std::vector<std::int64_t> spared;  ///< steps whose checkpoints are not pruned
};

/// Writes one checkpoint at a time on a thread of its own. No checkpoint is dropped: submit() waits for the
/// one being written. A run whose disk is slower than its steps therefore runs at the speed of the disk. The
/// destructor waits too and drops an error that nobody has read.
class CheckpointWriter {
 public:
  /// A checkpoint that was read whole: it need not be read again to be counted among those that are kept.
  void set_valid(const std::string& folder) { known_.set_valid(folder); }
  /// Throws what the checkpoint before met; this one is then not written.
  void submit(CheckpointJob job);
  /// Throws what the last checkpoint met, if that is known by now.
  void check();
  /// Waits until the last checkpoint is on the disk; throws what it met.
  void finish();

 private:
  void write(const CheckpointJob& job);

  KnownCheckpoints known_;     ///< used by the thread while it writes
  std::future<void> writing_;  ///< its destructor waits for the thread
};

}  // namespace thalweg
