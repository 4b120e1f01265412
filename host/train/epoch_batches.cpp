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
  std::vector<std::int64_t> batch_rows;
  const std::int64_t end = std::min((batch + 1) * batch_size_, count);
  for (std::int64_t p = batch * batch_size_; p < end; ++p)
    batch_rows.push_back(rows_[static_cast<std::size_t>(order(p))]);
  return batch_rows;
}

}  // namespace thalweg
