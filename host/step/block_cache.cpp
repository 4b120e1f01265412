#include "host/step/block_cache.hpp"

#include <algorithm>
#include <utility>

#include "host/data/feature_rows.hpp"

namespace thalweg {
BlockCache::BlockCache(const RowStore& store, const EpochBatches& batches)
    : store_(store), batches_(batches) {
  const std::int64_t block_rows = batches_.block_order().block_rows;
  blocks_.resize(static_cast<std::size_t>((row_count() + block_rows - 1) / block_rows));
}

/// Index of a row in the list that the order permutes: its own number, where no row is left out before it.
std::int64_t BlockCache::index_of(std::int64_t row) const {
  std::int64_t low = 0, high = std::min(row, row_count() - 1);
  if (row_at(high) == row) return high;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (row_at(middle) < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::shared_ptr<BlockCache::Block> BlockCache::new_block(std::int64_t block) {
  auto made = std::make_shared<Block>();
  const std::int64_t rows = batches_.block_order().block_rows;
  made->first = row_at(block * rows);
  made->end = row_at(std::min((block + 1) * rows, row_count()) - 1) + 1;
  if (spare_.empty()) return made;
  made->rows = std::move(spare_.back());
  spare_.pop_back();
  return made;
}

BlockCache::Use BlockCache::use(const std::vector<std::int64_t>& rows) {
  Use use;
  std::vector<std::int64_t>& blocks = use.blocks;
  for (const std::int64_t row : rows) blocks.push_back(block_of(row));
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  const std::lock_guard lock(mutex_);
  for (const std::int64_t block : blocks) {
    std::shared_ptr<Block>& known = blocks_[static_cast<std::size_t>(block)];
    if (known == nullptr) known = new_block(block), use.fresh.push_back(block);
    ++known->uses;
  }
  return use;
}

void BlockCache::release(const std::vector<std::int64_t>& blocks) {
  const std::lock_guard lock(mutex_);
  for (const std::int64_t number : blocks) {
    std::shared_ptr<Block>& block = blocks_[static_cast<std::size_t>(number)];
    if (--block->uses > 0) continue;
    // A thread may be reading ahead a block that another one's error has made useless.
    if (block->progress == Progress::done) spare_.push_back(std::move(block->rows));
    block.reset();
  }
}

void BlockCache::clear() {
  const std::lock_guard lock(mutex_);
  for (std::shared_ptr<Block>& block : blocks_) block.reset();
}

void BlockCache::load(std::int64_t number) const {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<Block> block = blocks_[static_cast<std::size_t>(number)];
  if (block != nullptr && block->progress == Progress::none) load(*block, lock);
}

void BlockCache::load(Block& block, std::unique_lock<std::mutex>& lock) const {
  block.progress = Progress::begun;
  lock.unlock();
  try {
    block.rows.clear();
    store_.read(block.first, block.end - block.first, block.rows);
  } catch (...) {
    block.error = std::current_exception();
  }
  lock.lock();
  block.progress = Progress::done;
  done_.notify_all();
}

const BlockCache::Block& BlockCache::loaded(std::int64_t number) const {
  Block& block = *blocks_[static_cast<std::size_t>(number)];
  if (block.progress != Progress::done) {
    std::unique_lock lock(mutex_);
    if (block.progress == Progress::none) {
      load(block, lock);
    } else {
      done_.wait(lock, [&] { return block.progress == Progress::done; });
    }
  }
  if (block.error) std::rethrow_exception(block.error);
  return block;
}

void BlockCache::read(std::int64_t first, std::int64_t count, FeatureRows& to) const {
  while (count > 0) {
    const Block& block = loaded(block_of(first));
    const std::int64_t rows = std::min(count, block.end - first);
    append_rows(block.rows, first - block.first, rows, to);
    first += rows;
    count -= rows;
  }
}

}  // namespace thalweg
