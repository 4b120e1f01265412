#pragma once
// The arenas: parameters, gradients and each optimizer state lie in one array each, segment by segment.
#include <cstdint>

namespace thalweg {

/// Offsets and padded sizes of segments are multiples of it, so a block of an update is part of one segment.
constexpr std::int64_t kSegmentAlign = 1024;

/// Elements that a segment of `size` elements takes of an arena.
constexpr std::int64_t padded_size(std::int64_t size) {
  return (size + kSegmentAlign - 1) / kSegmentAlign * kSegmentAlign;
}

}  // namespace thalweg
