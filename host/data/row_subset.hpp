#pragma once
#include <cstdint>
#include <vector>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// A data set of these rows alone, in that order.
Dataset row_subset(const Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
