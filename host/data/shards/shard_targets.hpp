#pragma once
#include <span>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Puts other targets, one for each row, into a shard that was written, and changes its checksums in `shard`.
void write_targets(AtomicFolder& folder, const ShardForm& form, std::span<const float> targets,
                   ShardEntry& shard);

}  // namespace thalweg
