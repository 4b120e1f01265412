#pragma once
// The rows of each batch of each epoch. Any batch of any epoch is available at once, and a learner computes
// its rows on the device (LearnerOptions::batches).
// Example: epoch_batches_example in examples/tour.cpp.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "thalweg/api.hpp"

namespace thalweg {

class EpochBatch;

/// Rows of a data set: a list of their ids, or all of them, which needs no list.
class THALWEG_API RowSet {
 public:
  RowSet(std::vector<std::int64_t> ids) : size_(std::ssize(ids)) {  // NOLINT(google-explicit-constructor)
    std::int64_t ascending = 0;
    while (ascending < size_ && ids[static_cast<std::size_t>(ascending)] == ascending) ++ascending;
    if (ascending < size_) ids_ = std::move(ids);
  }
  RowSet(std::initializer_list<std::int64_t> ids) : RowSet(std::vector<std::int64_t>(ids)) {}
  /// The rows 0, 1, .. rows - 1; none for a negative number.
  static RowSet all(std::int64_t rows) {
    RowSet set{};
    set.size_ = rows > 0 ? rows : 0;
    return set;
  }

  std::int64_t size() const { return size_; }
  /// Returns the row of an index, 0 <= index < size().
  std::int64_t operator[](std::int64_t index) const {
    return ids_.empty() ? index : ids_[static_cast<std::size_t>(index)];
  }
  /// The ids; empty: they are 0, 1, .. size() - 1.
  const std::vector<std::int64_t>& list() const { return ids_; }

 private:
  std::vector<std::int64_t> ids_;
  std::int64_t size_ = 0;
};

/// An order that reads the rows block by block (docs/numerics.md, "Order of an epoch"). Blocks of consecutive
/// rows are permuted; then the rows within each window of blocks are.
struct BlockOrder {
  std::int64_t block_rows = 0;     ///< rows of a block; 0: all rows are permuted, without blocks
  std::int64_t window_blocks = 1;  ///< blocks of a window
  std::int64_t slices = 1;         ///< of a batch, 1 to 1024; each has windows of its own
  bool operator==(const BlockOrder&) const = default;
};

/// The batches of all epochs. With `shuffle` each epoch has an order of its own, which follows from the seed
/// and the epoch alone. A handle: copies share the list of rows, which lives as long as the last copy, batch
/// or learner that has it.
class THALWEG_API EpochBatches {
 public:
  /// `rows`: the rows of the data set to train on; batch_size is a number of rows. The last batch of an epoch
  /// is short unless drop_last. Blocks of `order` are of consecutive `rows`; without shuffle there are none.
  /// Throws ShapeError for no rows, a negative row, a batch size below 1 or an order that is not one.
  EpochBatches(RowSet rows, std::int64_t batch_size, std::uint64_t seed, bool shuffle, bool drop_last,
               const BlockOrder& order = {});
  // Copied where others are moved: there is always a list of rows.
  EpochBatches(const EpochBatches&) = default;
  EpochBatches& operator=(const EpochBatches&) = default;
  ~EpochBatches() = default;

  std::int64_t batches_per_epoch() const { return order_->batches; }
  /// Returns batch `batch` of epoch `epoch`, both counted from 0. Throws ShapeError for one that is not
  /// there.
  EpochBatch at(std::int64_t epoch, std::int64_t batch) const;
  /// Returns the batch of step `step`, counted from 0 through all epochs. Throws ShapeError if it is
  /// negative.
  EpochBatch at_step(std::int64_t step) const;

  /// Rows of every batch but the last of an epoch.
  std::int64_t batch_size() const { return order_->batch_size; }
  const RowSet& rows() const { return order_->rows; }
  std::uint64_t seed() const { return order_->seed; }
  bool shuffle() const { return order_->shuffle; }
  const BlockOrder& block_order() const { return order_->blocks; }  ///< block_rows 0: without blocks
  bool operator==(const EpochBatches&) const = default;             ///< whether one is a copy of the other

 private:
  struct Order {
    RowSet rows;
    std::int64_t batch_size, batches;
    std::uint64_t seed;
    bool shuffle;
    BlockOrder blocks;
  };
  std::shared_ptr<const Order> order_;
};

/// One batch of an epoch: a contiguous part of the epoch's order.
class THALWEG_API EpochBatch {
 public:
  std::int64_t count() const;              ///< rows
  std::vector<std::int64_t> rows() const;  ///< in the order of the batch
  std::int64_t epoch() const { return epoch_; }
  std::int64_t first() const { return first_; }  ///< position of the first row in the epoch's order
  const EpochBatches& batches() const { return batches_; }
  EpochBatch next() const;  ///< the next batch; after an epoch's last, the next epoch's first
  bool operator==(const EpochBatch&) const = default;

 private:
  friend class EpochBatches;
  EpochBatch(const EpochBatches& batches, std::int64_t epoch, std::int64_t first)
      : batches_(batches), epoch_(epoch), first_(first) {}

  EpochBatches batches_;
  std::int64_t epoch_, first_;
};

}  // namespace thalweg
