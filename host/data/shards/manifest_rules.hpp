#pragma once
// What the numbers of a manifest have to agree on.
#include <string>

#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// The first key that is wrong and why; empty: none.
std::string manifest_problem(const ShardManifest& manifest);

}  // namespace thalweg
