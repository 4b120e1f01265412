#pragma once
// The rows of each batch of each epoch. Any batch of any epoch is available at once, and a learner computes
// its rows on the device (LearnerOptions::batches).
// Example: epoch_batches_example in examples/tour.cpp.
#include <cstdint>
#include <vector>

#include "thalweg/api.hpp"

namespace thalweg {

class EpochBatches;

/// One batch of an epoch: a contiguous part of the epoch's order. It refers to the EpochBatches that made it.
class THALWEG_API EpochBatch {
 public:
  std::int64_t count() const;              ///< rows
  std::vector<std::int64_t> rows() const;  ///< in the order of the batch
  std::int64_t epoch() const { return epoch_; }
  std::int64_t first() const { return first_; }  ///< position of the first row in the epoch's order
  const EpochBatches& batches() const { return *batches_; }
  EpochBatch next() const;  ///< the next batch; after an epoch's last, the next epoch's first
  bool operator==(const EpochBatch&) const = default;

 private:
  friend class EpochBatches;
  EpochBatch(const EpochBatches& batches, std::int64_t epoch, std::int64_t first)
      : batches_(&batches), epoch_(epoch), first_(first) {}

  const EpochBatches* batches_;
  std::int64_t epoch_, first_;
};

/// The batches of all epochs. With `shuffle` each epoch has an order of its own, which follows from the seed
/// and the epoch alone.
class THALWEG_API EpochBatches {
 public:
  /// `rows`: the rows of the data set to train on; batch_size is a number of rows. The last batch of an epoch
  /// is short unless drop_last.
  EpochBatches(std::vector<std::int64_t> rows, std::int64_t batch_size, std::uint64_t seed, bool shuffle,
               bool drop_last);

  std::int64_t batches_per_epoch() const { return batches_; }
  /// Returns batch `batch` of epoch `epoch`, both counted from 0.
  EpochBatch at(std::int64_t epoch, std::int64_t batch) const { return {*this, epoch, batch * batch_size_}; }
  /// Returns the batch of step `step`, counted from 0 through all epochs.
  EpochBatch at_step(std::int64_t step) const { return at(step / batches_, step % batches_); }

  std::int64_t batch_size() const { return batch_size_; }  ///< rows of every batch but the last of an epoch
  const std::vector<std::int64_t>& rows() const { return rows_; }
  std::uint64_t seed() const { return seed_; }
  bool shuffle() const { return shuffle_; }

 private:
  std::vector<std::int64_t> rows_;
  std::int64_t batch_size_, batches_;
  std::uint64_t seed_;
  bool shuffle_;
};

}  // namespace thalweg
