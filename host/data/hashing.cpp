#include "host/data/hashing.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace thalweg {

HashedFeature hashed_feature(std::string_view text, std::int64_t bits) {
  const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
  return {static_cast<std::int32_t>(hash & ((std::uint64_t{1} << bits) - 1)), hash >> 63 == 0 ? 1.0f : -1.0f};
}

std::int64_t used_features(const Dataset& data) {
  std::vector<bool> used(static_cast<std::size_t>(data.features));
  for (const std::int32_t column : data.columns) used[static_cast<std::size_t>(column)] = true;
  return std::count(used.begin(), used.end(), true);
}

}  // namespace thalweg
