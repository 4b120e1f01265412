#pragma once
// Sets of rows on the disk that are small beside the memory.
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// The data set with the features of its store in memory, where they take no more than data.memory and the
/// order of the rows cannot depend on it (kLargeStore); else as it is. A row that is read once a run instead
/// of once an epoch costs a fraction of it.
Dataset in_memory_where_it_fits(Dataset data, const DataConfig& config);

}  // namespace thalweg
