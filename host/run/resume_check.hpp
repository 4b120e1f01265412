#pragma once
// Whether a checkpoint belongs to the run that wants to go on from it.
#include <string>

#include "host/checkpoint/checkpoint.hpp"
#include "thalweg/config.hpp"

namespace thalweg {

/// Throws ConfigError naming the first setting that differs in a way that would change the run's bits, or
/// DataError when the data is another. What may differ: where results go, the length of the run (unless the
/// schedule depends on it), device, threads, micro-batches, logging and checkpointing.
void require_same_run(const std::string& folder, const CheckpointData& checkpoint, const Config& config,
                      const std::string& fingerprint);

}  // namespace thalweg
