#pragma once
// What the update's CPU files share: the cut of a segment list into blocks, and the passes that need sums.
#include "kernels/base/tasks_cpu.hpp"
#include "kernels/update/update_math.hpp"

namespace thalweg::THALWEG_ISA {

void gradient_norm(const Device& device, const GradientNormArgs& args);
void record(const Device& device, const GradientNormArgs& norm, const RecordArgs& args);
void project(const Device& device, const ProjectArgs& args);

/// A part of one segment.
struct Block {
  int segment;
  std::int64_t begin, size;  ///< elements of the arena
};

/// The used elements of each segment in blocks, numbered in list order. `first` (segment_count + 1 numbers,
/// the caller's memory) holds the number of each segment's first block.
struct Blocks {
  const UpdateSegment* segments;
  int segment_count;
  std::int64_t block_size;
  std::int64_t* first;

  THALWEG_HD std::int64_t count() const { return first[segment_count]; }

  THALWEG_HD void number() {
    first[0] = 0;
    for (int i = 0; i < segment_count; ++i)
      first[i + 1] = first[i] + (segments[i].used + block_size - 1) / block_size;
  }

  THALWEG_HD Block at(std::int64_t block) const {
    int low = 0, high = segment_count;
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      if (first[middle] <= block) {
        low = middle;
      } else {
        high = middle;
      }
    }
    // Empty segments share their first block's number with the one that has it, which comes last.
    const std::int64_t begin = (block - first[low]) * block_size, left = segments[low].used - begin;
    return {low, segments[low].offset + begin, left < block_size ? left : block_size};
  }
};

/// Walks a touched list's positions, element by element, without a division for each.
struct TouchedWalk {
  const TouchedElements& list;
  std::int64_t count, output, feature;

  THALWEG_HD TouchedWalk(const TouchedElements& t, std::int64_t touched, std::int64_t position)
      : list(t), count(touched), output(position / touched), feature(position % touched) {}

  THALWEG_HD std::int64_t next() {
    const std::int64_t element = output * list.in_features + list.features[feature];
    if (++feature == count) feature = 0, ++output;
    return element;
  }
};

}  // namespace thalweg::THALWEG_ISA
