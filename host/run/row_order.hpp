#pragma once
// The order of the rows that a config asks for.
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/epoch_batches.hpp"

namespace thalweg {

/// The blocks of data.order; none (block_rows 0) where epochs permute all rows, keep their order, or are not
/// what draws the batches. It depends on config and data alone, so that a run has one order everywhere.
BlockOrder block_order_of(const Config& config, const Dataset& data);

}  // namespace thalweg
