#include "thalweg/epoch_batches.hpp"

#include <algorithm>

#include "host/data/order.hpp"

namespace thalweg {

std::int64_t EpochBatch::count() const {
  return std::min(batches_->batch_size(), std::ssize(batches_->rows()) - first_);
}

std::vector<std::int64_t> EpochBatch::rows() const {
  const std::vector<std::int64_t>& all = batches_->rows();
  // mutant: order-per-epoch
  const EpochOrder order(std::ssize(all), batches_->seed(), static_cast<std::uint64_t>(epoch_),
                         batches_->shuffle());
  std::vector<std::int64_t> batch_rows(static_cast<std::size_t>(count()));
  order.fill(first_, count(), batch_rows.data());                                 // mutant: batch-begin
  for (std::int64_t& row : batch_rows) row = all[static_cast<std::size_t>(row)];  // mutant: training-rows
  return batch_rows;
}

EpochBatch EpochBatch::next() const {
  const std::int64_t batch = first_ / batches_->batch_size() + 1;
  return batch < batches_->batches_per_epoch() ? batches_->at(epoch_, batch) : batches_->at(epoch_ + 1, 0);
}

EpochBatches::EpochBatches(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed,
                           bool shuffle, bool drop_last)
    : rows_(std::move(rows)), seed_(seed), shuffle_(shuffle) {
  const auto count = static_cast<std::int64_t>(rows_.size());
  batch_size_ = std::min(batch_size, count);
  batches_ = drop_last ? count / batch_size_ : (count + batch_size_ - 1) / batch_size_;
}

}  // namespace thalweg
