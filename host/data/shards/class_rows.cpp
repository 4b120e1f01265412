#include "host/data/shards/class_rows.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/data/labels.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

void ClassRows::add(std::span<const float> targets) {
  for (const float target : targets) {
    const bool index = target >= 0 && target < static_cast<float>(kMostClasses);
    if (!index || target != std::floor(target)) {
      are_indices_ = false;
      continue;
    }
    const auto at = static_cast<std::size_t>(target);
    if (at >= rows_.size()) rows_.resize(at + 1);
    ++rows_[at];
  }
}

std::vector<std::int64_t> ClassRows::of(std::size_t classes) const {
  if (!are_indices_ || rows_.size() > classes)
    throw ShapeError(
        fmt::format("rows for a shard: a target is not the index of one of {} classes", classes));
  std::vector<std::int64_t> rows = rows_;
  rows.resize(classes);
  return rows;
}

}  // namespace thalweg
