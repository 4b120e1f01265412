#pragma once
// Forms of rows that shards can have.
#include <cstdint>

#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Throws UsageError or ShapeError for rows that no shard holds, or for shards of less than 1 byte.
void require_form(const ShardForm& form, std::int64_t shard_bytes);

}  // namespace thalweg
