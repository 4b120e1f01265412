#pragma once
// The tree over slices as docs/numerics.md defines it: neighbours are added pairwise, level by level; an odd
// last one passes through.
#include <vector>

namespace thalweg::test {

inline float slice_tree(std::vector<float> level) {
  while (level.size() > 1) {
    std::vector<float> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = next;
  }
  return level[0];
}

}  // namespace thalweg::test
