#pragma once
// The arenas: parameters, gradients and each optimizer state lie in one array each, segment by segment.
#include <cstdint>

namespace thalweg {

/// Offsets and padded sizes of segments are multiples of it, so a block of an update is part of one segment.
constexpr std::int64_t kSegmentAlign = 1024;

}  // namespace thalweg
