#include "host/data/block_reader.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "host/data/feature_checks.hpp"

namespace thalweg {

BlockReader::BlockReader(const Dataset& data, const std::vector<std::int64_t>* rows, std::int64_t block_rows,
                         std::optional<MissingValues> check)
    : data_(data),
      rows_(rows),
      block_rows_(block_rows),
      count_(rows != nullptr ? std::ssize(*rows) : data.rows),
      check_(check) {
  read_ahead();
}

/// Without `launch::async` the lack of a thread does no harm: next() then reads itself.
void BlockReader::read_ahead() {
  if (next_ == count_) return;
  const std::int64_t first = next_, count = std::min(block_rows_, count_ - first);
  next_ += count;
  reading_ = std::async([this, first, count] { read(first, count); });
}

void BlockReader::read(std::int64_t first, std::int64_t count) {
  ids_.resize(static_cast<std::size_t>(count));
  if (rows_ != nullptr) {
    std::copy_n(rows_->begin() + first, count, ids_.begin());
  } else {
    std::iota(ids_.begin(), ids_.end(), first);
  }
  read_rows(*data_.store, ids_.data(), count, ahead_);
  if (check_) check_read_rows(data_, ids_.data(), ahead_, *check_);
}

FeatureRows& BlockReader::next() {
  reading_.get();
  std::swap(current_, ahead_);
  read_ahead();
  return current_;
}

}  // namespace thalweg
