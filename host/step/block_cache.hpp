#pragma once
// Blocks of rows that the coming batches of a BlockOrder use, each read once in one piece.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "host/data/row_store.hpp"
#include "thalweg/epoch_batches.hpp"

namespace thalweg {

/// Gives the rows of the batches that use() has named, from memory.
class BlockCache final : public RowStore {
 public:
  /// The blocks are those of the batches' order; their list of rows ascends.
  BlockCache(const RowStore& store, const EpochBatches& batches);

  struct Use {
    std::vector<std::int64_t> blocks;  ///< of the batch
    std::vector<std::int64_t> fresh;   ///< those among them that no batch had used
  };
  /// Names the rows of a batch, whose blocks stay until it releases them.
  Use use(const std::vector<std::int64_t>& rows);
  void release(const std::vector<std::int64_t>& blocks);
  /// Reads a block ahead. What goes wrong is told to those who read its rows.
  void load(std::int64_t block) const;
  /// Forgets all blocks. Nobody may be reading.
  void clear();

  const StoredForm& form() const override { return store_.form(); }
  /// Of rows of batches in use; reads a block itself that no thread has begun.
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override;

 private:
  enum class Progress { none, begun, done };
  /// Rows [first, end) of the data set.
  struct Block {
    std::int64_t first = 0, end = 0, uses = 0;
    std::atomic<Progress> progress = Progress::none;  ///< once done, rows and error stay as they are
    FeatureRows rows;
    std::exception_ptr error;
  };
  std::int64_t row_at(std::int64_t index) const { return batches_.rows()[static_cast<std::size_t>(index)]; }
  std::int64_t row_count() const { return static_cast<std::int64_t>(batches_.rows().size()); }
  std::int64_t index_of(std::int64_t row) const;
  std::int64_t block_of(std::int64_t row) const { return index_of(row) / batches_.block_order().block_rows; }
  std::shared_ptr<Block> new_block(std::int64_t block);
  void load(Block& block, std::unique_lock<std::mutex>& lock) const;
  const Block& loaded(std::int64_t block) const;

  const RowStore& store_;
  const EpochBatches batches_;
  mutable std::mutex mutex_;
  mutable std::condition_variable done_;
  /// By number. That of a batch in use stays, so its rows are read without a lock.
  std::vector<std::shared_ptr<Block>> blocks_;
  std::vector<FeatureRows> spare_;  ///< memory of blocks that are gone
};

}  // namespace thalweg
