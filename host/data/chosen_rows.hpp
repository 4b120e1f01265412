#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// The rows with these ids, in that order. Features that stay on the disk stay there: select_rows
/// (memory_rows.hpp) brings them into memory.
Dataset choose_rows(const Dataset& data, const std::vector<std::int64_t>& ids);

}  // namespace thalweg
