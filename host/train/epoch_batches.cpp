#include "host/train/epoch_batches.hpp"

#include <algorithm>

#include "host/data/order.hpp"

namespace thalweg {

EpochBatches::EpochBatches(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed,
                           bool shuffle, bool drop_last)
    : rows_(std::move(rows)), seed_(seed), shuffle_(shuffle) {
  const auto count = static_cast<std::int64_t>(rows_.size());
  batch_size_ = std::min(batch_size, count);
  batches_ = drop_last ? count / batch_size_ : (count + batch_size_ - 1) / batch_size_;
}

std::vector<std::int64_t> EpochBatches::rows(std::int64_t epoch, std::int64_t batch) const {
  const auto count = static_cast<std::int64_t>(rows_.size());
  const EpochOrder order(count, seed_, static_cast<std::uint64_t>(epoch), shuffle_);
  const std::int64_t first = batch * batch_size_;
  std::vector<std::int64_t> batch_rows(static_cast<std::size_t>(std::min(batch_size_, count - first)));
  order.fill(first, static_cast<std::int64_t>(batch_rows.size()), batch_rows.data());
  for (std::int64_t& row : batch_rows) row = rows_[static_cast<std::size_t>(row)];
  return batch_rows;
}

}  // namespace thalweg
