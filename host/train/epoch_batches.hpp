#pragma once
// Which rows each batch of each epoch holds: any batch of any epoch can be asked for at once.
#include <cstdint>
#include <vector>

namespace thalweg {

class EpochBatches {
 public:
  /// `rows`: the rows to train on. The last batch of an epoch is short unless drop_last.
  EpochBatches(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed, bool shuffle,
               bool drop_last);

  std::int64_t batches_per_epoch() const { return batches_; }
  /// The rows of batch `batch` of epoch `epoch`, both counted from 0.
  std::vector<std::int64_t> rows(std::int64_t epoch, std::int64_t batch) const;

 private:
  std::vector<std::int64_t> rows_;
  std::int64_t batch_size_, batches_;
  std::uint64_t seed_;
  bool shuffle_;
};

}  // namespace thalweg
