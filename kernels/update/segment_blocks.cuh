#pragma once
// A list of segments as a kernel argument: the used elements of each, from its first, in blocks of one size,
// numbered in list order. The list is copied with the launch, so that no copy of it has to live on the
// device.
#include <cuda_runtime.h>

#include <cstdint>
#include <string>

#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

/// 12 bytes each: with the pointers beside them they stay below the 4 KiB that every driver takes.
constexpr int kSegmentsPerLaunch = 256;

struct PackedSegment {
  std::int32_t first;   ///< number of its first block
  std::int32_t offset;  ///< in units of kSegmentAlign
  std::int16_t last;    ///< elements of its last block
  std::int16_t group;
};

struct ArenaBlock {
  std::int64_t begin;  ///< element of the arena
  int size, group;
};

/// kSize: elements of a block, a multiple of 4.
template <int kSize>
struct SegmentBlocks {
  std::int32_t blocks = 0;
  std::int32_t segments = 0;
  PackedSegment segment[kSegmentsPerLaunch];

  __device__ __forceinline__ ArenaBlock at(std::int32_t block) const {
    int low = 0, high = segments;
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      const bool below = segment[middle].first <= block;
      low = below ? middle : low;
      high = below ? high : middle;
    }
    const PackedSegment found = segment[low];
    const std::int32_t next = high < segments ? segment[high].first : blocks;
    return {std::int64_t{found.offset} * kSegmentAlign + std::int64_t{block - found.first} * kSize,
            block == next - 1 ? found.last : kSize, found.group};
  }

  /// False when the list is full.
  bool add(const UpdateSegment& s) {
    const std::int64_t more = (s.used + kSize - 1) / kSize;
    if (more == 0) return true;
    if (segments == kSegmentsPerLaunch || blocks + more > 0x7fffffff) return false;
    const std::int64_t last = s.used - (more - 1) * kSize;
    segment[segments++] = {blocks, static_cast<std::int32_t>(s.offset / kSegmentAlign),
                           static_cast<std::int16_t>(last), static_cast<std::int16_t>(s.group)};
    blocks += static_cast<std::int32_t>(more);
    return true;
  }
};

inline void require_aligned(const UpdateSegment& s) {
  constexpr std::int64_t kUnits = std::int64_t{1} << 31;
  if (s.offset % kSegmentAlign == 0 && s.offset >= 0 && s.offset / kSegmentAlign < kUnits &&
      s.used / kSegmentAlign < kUnits)
    return;
  throw InternalError("update: a segment of " + std::to_string(s.used) + " elements at " +
                      std::to_string(s.offset) + ", want an offset that is a multiple of " +
                      std::to_string(kSegmentAlign) + " below 2^41");
}

/// launch_list(list) for every kSegmentsPerLaunch segments that are not empty.
template <int kSize, class Launch>
void for_each_list(const UpdateSegment* segments, int count, const Launch& launch_list) {
  SegmentBlocks<kSize> list;
  for (int i = 0; i < count; ++i) {
    require_aligned(segments[i]);
    if (list.add(segments[i])) continue;
    launch_list(list);
    list.blocks = list.segments = 0;
    list.add(segments[i]);
  }
  if (list.blocks > 0) launch_list(list);
}

}  // namespace thalweg
