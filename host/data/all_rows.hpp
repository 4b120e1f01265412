#pragma once
#include <cstdint>
#include <numeric>
#include <vector>

namespace thalweg {

/// 0, 1, ... rows - 1.
inline std::vector<std::int64_t> all_rows(std::int64_t rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return ids;
}

}  // namespace thalweg
