#pragma once
// Medians of columns that lie on the disk.
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "host/data/row_store.hpp"

namespace thalweg {

/// What stands for a missing cell while medians are sought: no number is larger.
inline constexpr float kMissingForMedian = std::numeric_limits<float>::max();

/// The median of each column of dense float32 rows: of its first `present` numbers in ascending order; of an
/// even count, the mean of the middle two. NaN where none is present. Rows of weight 0 do not count; empty:
/// all count. It reads the rows three times for each thousand columns, and keeps no cells.
std::vector<float> column_medians(const RowStore& rows, std::span<const std::int64_t> present,
                                  std::span<const float> weights);

}  // namespace thalweg
