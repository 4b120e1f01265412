#include "host/model/stored_blocks.hpp"

#include <algorithm>

namespace thalweg {
namespace {

/// A block of long rows is cut, so that memory does not grow with their length.
constexpr std::int64_t kMostBytes = std::int64_t{16} << 20;
/// Blocks of short rows are read together.
constexpr std::int64_t kMostBlocks = 64;

/// Bytes of the longest row: a block may hold no others, and a device has room for it.
std::int64_t longest_bytes(const StoredForm& form) {
  return std::max<std::int64_t>(1, form.sparse ? 8 + 8 * form.longest_row : form.row_bytes());
}

std::int64_t block_rows_of(const StoredForm& form, std::int64_t most_rows) {
  return std::clamp(kMostBytes / longest_bytes(form), std::int64_t{1},
                    std::max<std::int64_t>(1, std::min(most_rows, form.rows)));
}

std::int64_t blocks_read_together(const StoredForm& form, std::int64_t block_rows) {
  return std::clamp(kReadBytes / (block_rows * longest_bytes(form)), std::int64_t{1}, kMostBlocks);
}

}  // namespace

StoredBlocks::StoredBlocks(const Context& ctx, const Dataset& data, const std::vector<std::int64_t>* rows,
                           std::int64_t most_rows)
    : block_rows_(block_rows_of(data.store->form(), most_rows)),
      read_rows_(block_rows_ * blocks_read_together(data.store->form(), block_rows_)),
      reader_(data, rows, read_rows_, MissingValues::refused),
      staged_(ctx, data, read_rows_) {}

Input StoredBlocks::input(std::int64_t first, std::int64_t count) {
  if (first >= end_) {
    const FeatureRows& rows = reader_.next();
    staged_.place(rows);
    begin_ = first, end_ = first + rows.rows;
  }
  return staged_.input(first - begin_, count);
}

}  // namespace thalweg
