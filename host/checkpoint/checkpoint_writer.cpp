#include "host/checkpoint/checkpoint_writer.hpp"

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace thalweg {

void CheckpointWriter::write(const CheckpointJob& job) {
  const std::string folder = checkpoint_folder(job.root, job.data.step);
  write_checkpoint(folder, job.data);
  known_.set_valid(folder);  // mutant: checkpoint-run
  // Later ones may be there: the run went back before them.
  std::vector<std::int64_t> spared = job.spared;
  spared.push_back(job.data.step);                        // mutant: later-checkpoints
  prune_checkpoints(job.root, job.keep, spared, known_);  // mutant: pruned
}

void CheckpointWriter::submit(CheckpointJob job) {
  finish();
  const auto shared = std::make_shared<const CheckpointJob>(std::move(job));
  try {
    // mutant: checkpoints-written
    writing_ = std::async(std::launch::async, [this, shared] { write(*shared); });
  } catch (const std::system_error&) {
    write(*shared);  // no thread to be had
  }
}

void CheckpointWriter::check() {
  // mutant: error-surfaces
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) finish();
}

void CheckpointWriter::finish() {
  if (writing_.valid()) writing_.get();  // mutant: error-checkpoint
}

}  // namespace thalweg
