#pragma once
// Rows of a store on their way through a model.
#include <cstdint>
#include <vector>

#include "host/data/block_reader.hpp"
#include "host/data/staged_rows.hpp"

namespace thalweg {

/// The rows of a data set that has a store, once, in the order that they are asked for. Those that follow are
/// read while the model works on some.
class StoredBlocks {
 public:
  /// `rows`: null: all of them. `most_rows`: that the caller can take at once. Refers to data and rows.
  StoredBlocks(const Context& ctx, const Dataset& data, const std::vector<std::int64_t>* rows,
               std::int64_t most_rows);

  /// Rows of every block but the last: fewer than most_rows where rows are long.
  std::int64_t block_rows() const { return block_rows_; }

  /// The rows at the positions first .. first + count: those of the next block. They stay until the block
  /// after it. Throws what the store throws, and DataError for features that a model cannot take.
  Input input(std::int64_t first, std::int64_t count);

 private:
  std::int64_t block_rows_, read_rows_;
  std::int64_t begin_ = 0, end_ = 0;  ///< positions of the rows that are placed
  BlockReader reader_;
  StagedRows staged_;
};

}  // namespace thalweg
