#include "host/run/row_order.hpp"

#include <algorithm>

#include "host/data/feature_rows.hpp"

namespace thalweg {
namespace {

/// Data sets that auto reads by blocks: a disk gives single rows of fewer bytes slower than steps take them.
constexpr std::int64_t kBytesOfLongRow = 4096;

bool wants_blocks(RowOrder order, const Dataset& data, std::int64_t row_bytes) {
  if (order != RowOrder::automatic) return order == RowOrder::blocks;
  return data.store != nullptr && row_bytes < kBytesOfLongRow && data.rows * row_bytes >= kLargeStore;
}

}  // namespace

BlockOrder block_order_of(const Config& config, const Dataset& data) {
  if (!config.train.shuffle || config.per_sample.poisson()) return {};
  const std::int64_t row_bytes = std::max<std::int64_t>(1, form_of_rows(data).row_bytes());
  if (!wants_blocks(config.data.order, data, row_bytes)) return {};
  const std::int64_t slices = config.train.reduction_slices;
  const std::int64_t rows = std::max<std::int64_t>(1, config.data.block_bytes / row_bytes);
  const std::int64_t blocks = config.data.window_bytes / (rows * row_bytes) / slices;
  return {.block_rows = rows, .window_blocks = std::max<std::int64_t>(1, blocks), .slices = slices};
}

}  // namespace thalweg
