#include "thalweg/epoch_batches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/order.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::int64_t EpochBatch::count() const {
  return std::min(batches_.batch_size(), std::ssize(batches_.rows()) - first_);
}

std::vector<std::int64_t> EpochBatch::rows() const {
  const std::vector<std::int64_t>& all = batches_.rows();
  // mutant: order-per-epoch
  const EpochOrder order(std::ssize(all), batches_.seed(), static_cast<std::uint64_t>(epoch_),
                         batches_.shuffle());
  std::vector<std::int64_t> batch_rows(static_cast<std::size_t>(count()));
  order.fill(first_, count(), batch_rows.data());                                 // mutant: batch-begin
  for (std::int64_t& row : batch_rows) row = all[static_cast<std::size_t>(row)];  // mutant: training-rows
  return batch_rows;
}

EpochBatch EpochBatch::next() const {
  const std::int64_t batch = first_ / batches_.batch_size() + 1;
  return batch < batches_.batches_per_epoch() ? batches_.at(epoch_, batch) : batches_.at(epoch_ + 1, 0);
}

EpochBatches::EpochBatches(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed,
                           bool shuffle, bool drop_last, const BlockOrder& order) {
  const auto count = std::ssize(rows);
  if (count == 0 || batch_size < 1) {
    throw ShapeError(fmt::format("EpochBatches of {} rows in batches of {}; expected 1 or more of both",
                                 count, batch_size));
  }
  const auto negative = std::find_if(rows.begin(), rows.end(), [](std::int64_t row) { return row < 0; });
  if (negative != rows.end()) {
    throw ShapeError(fmt::format("EpochBatches: row id {} at position {}; expected 0 or more", *negative,
                                 negative - rows.begin()));
  }
  const std::int64_t size = std::min(batch_size, count);
  const std::int64_t batches = drop_last ? count / size : (count + size - 1) / size;
  order_ = std::make_shared<const Order>(Order{std::move(rows), size, batches, seed, shuffle, order});
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
