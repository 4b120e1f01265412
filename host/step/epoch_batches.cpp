#include "thalweg/epoch_batches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/block_order.hpp"
#include "host/data/order.hpp"
#include "thalweg/error.hpp"
#include "thalweg/settings/train.hpp"

namespace thalweg {

namespace {

void check(const BlockOrder& order) {
  const bool windows = order.window_blocks >= 1 && order.slices >= 1 && order.slices <= kMostReductionSlices;
  if (order.block_rows == 0 || (order.block_rows > 0 && windows)) return;
  throw ShapeError(
      fmt::format("BlockOrder of blocks of {} rows, windows of {} blocks and {} slices; expected 0 rows or "
                  "more, 1 block or more and 1 to {} slices",
                  order.block_rows, order.window_blocks, order.slices, kMostReductionSlices));
}

}  // namespace

std::int64_t EpochBatch::count() const {
  return std::min(batches_.batch_size(), batches_.rows().size() - first_);
}

std::vector<std::int64_t> EpochBatch::rows() const {
  const RowSet& all = batches_.rows();
  std::vector<std::int64_t> batch_rows(static_cast<std::size_t>(count()));
  if (batches_.block_order().block_rows > 0) {
    BlockedEpoch(batches_, epoch_).fill(first_ / batches_.batch_size(), batch_rows.data());
  } else {
    // mutant: order-per-epoch
    const EpochOrder order(all.size(), batches_.seed(), static_cast<std::uint64_t>(epoch_),
                           batches_.shuffle());
    order.fill(first_, count(), batch_rows.data());  // mutant: batch-begin
  }
  for (std::int64_t& row : batch_rows) row = all[row];  // mutant: training-rows
  return batch_rows;
}

EpochBatch EpochBatch::next() const {
  const std::int64_t batch = first_ / batches_.batch_size() + 1;
  return batch < batches_.batches_per_epoch() ? batches_.at(epoch_, batch) : batches_.at(epoch_ + 1, 0);
}

EpochBatches::EpochBatches(RowSet rows, std::int64_t batch_size, std::uint64_t seed, bool shuffle,
                           bool drop_last, const BlockOrder& order) {
  const std::int64_t count = rows.size();
  if (count == 0 || batch_size < 1) {
    throw ShapeError(fmt::format("EpochBatches of {} rows in batches of {}; expected 1 or more of both",
                                 count, batch_size));
  }
  const std::vector<std::int64_t>& ids = rows.list();
  const auto negative = std::find_if(ids.begin(), ids.end(), [](std::int64_t row) { return row < 0; });
  if (negative != ids.end()) {
    throw ShapeError(fmt::format("EpochBatches: row id {} at position {}; expected 0 or more", *negative,
                                 negative - ids.begin()));
  }
  check(order);
  const std::int64_t size = std::min(batch_size, count);
  const std::int64_t batches = drop_last ? count / size : (count + size - 1) / size;
  order_ = std::make_shared<const Order>(
      Order{std::move(rows), size, batches, seed, shuffle, shuffle ? order : BlockOrder{}});
}

EpochBatch EpochBatches::at(std::int64_t epoch, std::int64_t batch) const {
  if (epoch < 0 || batch < 0 || batch >= batches_per_epoch()) {
    throw ShapeError(
        fmt::format("batch {} of epoch {}: an epoch has the batches 0 to {}, epochs count from 0", batch,
                    epoch, batches_per_epoch() - 1));
  }
  return {*this, epoch, batch * batch_size()};
}

EpochBatch EpochBatches::at_step(std::int64_t step) const {
  return at(step / batches_per_epoch(), step % batches_per_epoch());
}

}  // namespace thalweg
