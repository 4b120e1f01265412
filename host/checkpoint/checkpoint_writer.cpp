#include "host/checkpoint/checkpoint_writer.hpp"

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "kernels/base/blocked_signals.hpp"

namespace thalweg {

void CheckpointWriter::write(const CheckpointJob& job) {
  const std::string folder = checkpoint_folder(job.root, job.data.step);
  write_checkpoint(folder, job.data);
  known_.set_valid(folder);  // mutant: written-is-valid
  // Later ones may be there: the run went back before them.
  std::vector<std::int64_t> spared = job.spared;
  spared.push_back(job.data.step);                        // mutant: newest-spared
  prune_checkpoints(job.root, job.keep, spared, known_);  // mutant: pruned-after-write
}

void CheckpointWriter::submit(CheckpointJob job) {
  finish();
  const auto shared = std::make_shared<const CheckpointJob>(std::move(job));
  const BlockedSignals blocked;  // mutant: writer-signals-blocked
  try {
    // mutant: written-at-once
    writing_ = std::async(std::launch::async, [this, shared] { write(*shared); });
  } catch (const std::system_error&) {
    write(*shared);  // no thread to be had
  }
}

void CheckpointWriter::check() {
  // mutant: error-told-early
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) finish();
}

void CheckpointWriter::finish() {
  if (writing_.valid()) writing_.get();  // mutant: error-rethrown
}

}  // namespace thalweg
