#include "host/data/shards/sparse_shard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "host/data/feature_checks.hpp"
#include "host/data/feature_rows.hpp"
#include "host/data/finite.hpp"
#include "host/data/shards/packed_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

[[noreturn]] void fail(const ShardFile& file, std::int64_t row, const std::string& what) {
  throw DataError(fmt::format("{}: row {}: {}", file.path(), row, what));
}

/// The entries of the rows, from `row` to one behind the last.
std::vector<std::int64_t> read_offsets(const ShardFile& file, const SparseShard& of, std::int64_t row,
                                       std::int64_t count) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(count) + 1);
  file.read(of.layout.offsets + 8 * row, 8 * (count + 1), offsets.data(), {of.shard.first_row + row, count});
  const std::int64_t first_row = of.shard.first_row + row, entries = of.shard.entries;
  const bool at_begin = row == 0, at_end = row + count == of.shard.rows;
  if (offsets.front() < 0 || (at_begin && offsets.front() != 0))
    fail(file, first_row, fmt::format("its entries begin at {}", offsets.front()));
  for (std::size_t r = 0; r + 1 < offsets.size(); ++r) {
    const std::int64_t begin = offsets[r], end = offsets[r + 1];
    if (end < begin || end > entries || end - begin > of.form.longest_row)
      fail(file, first_row + static_cast<std::int64_t>(r),
           fmt::format("its entries are {} to {} of {}, a row has at most {}", begin, end, entries,
                       of.form.longest_row));
  }
  if (at_end && offsets.back() != entries)
    fail(file, first_row + count - 1, fmt::format("its entries end at {} of {}", offsets.back(), entries));
  return offsets;
}

void check_row(const ShardFile& file, const StoredForm& form, std::int64_t row, const std::int32_t* columns,
               std::int64_t count) {
  const std::int64_t at = first_bad_column(columns, count, form.features);
  if (at == count) return;
  fail(file, row,
       fmt::format("column {} follows column {}; want ascending ones below {}", columns[at],
                   at > 0 ? columns[at - 1] : -1, form.features));
}

/// `offsets` count from the first of the entries.
void check_entries(const ShardFile& file, const SparseShard& of, std::int64_t row,
                   const std::vector<std::int64_t>& offsets, const std::int32_t* columns,
                   const float* values) {
  for (std::size_t r = 0; r + 1 < offsets.size(); ++r)
    check_row(file, of.form, row + static_cast<std::int64_t>(r), columns + offsets[r],
              offsets[r + 1] - offsets[r]);
  const std::int64_t bad = first_not_finite(values, offsets.back(), false);
  if (bad == offsets.back()) return;
  const auto behind = std::upper_bound(offsets.begin(), offsets.end(), bad);
  fail(file, row + (behind - offsets.begin()) - 1,
       fmt::format("the value of column {} is {}; want a finite number", columns[bad], values[bad]));
}

/// Frames hold the columns of all entries of their rows, then the values.
void unpack_entries(const ShardFile& file, const SparseShard& of, std::int64_t first_block,
                    const std::vector<std::int64_t>& offsets, std::int32_t* columns, float* values) {
  std::vector<std::byte> bytes;
  const std::int64_t rows = std::ssize(offsets) - 1;
  for (std::int64_t block = 0; block * of.block_rows < rows; ++block) {
    const std::int64_t first = block * of.block_rows, end = std::min(rows, first + of.block_rows);
    const std::int64_t begin = offsets[static_cast<std::size_t>(first)];
    const auto half = static_cast<std::size_t>(4 * (offsets[static_cast<std::size_t>(end)] - begin));
    bytes.resize(2 * half);
    unpack_block({file, of.shard, of.layout, of.block_rows}, first_block + block, bytes);
    if (half == 0) continue;
    std::memcpy(columns + begin, bytes.data(), half);
    std::memcpy(values + begin, bytes.data() + half, half);
  }
}

/// Whole frames of rows, of which those that are wanted are appended.
void read_packed_rows(const ShardFile& file, const SparseShard& of, std::int64_t row, std::int64_t count,
                      FeatureRows& to) {
  const std::int64_t block = row / of.block_rows, first = block * of.block_rows;
  const std::int64_t end =
      std::min(of.shard.rows, (row + count + of.block_rows - 1) / of.block_rows * of.block_rows);
  FeatureRows rows;
  rows.rows = end - first;
  rows.offsets = read_offsets(file, of, first, rows.rows);
  const std::int64_t begin = rows.offsets.front();
  for (std::int64_t& offset : rows.offsets) offset -= begin;
  rows.columns.resize(static_cast<std::size_t>(rows.offsets.back()));
  rows.values.resize(rows.columns.size());
  unpack_entries(file, of, block, rows.offsets, rows.columns.data(), rows.values.data());
  check_entries(file, of, of.shard.first_row + first, rows.offsets, rows.columns.data(), rows.values.data());
  const std::int64_t before = to.rows;
  append_rows(rows, row - first, count, to);
  to.rows = before;  // the caller counts them
}

}  // namespace

void read_sparse_rows(const ShardFile& file, const SparseShard& of, std::int64_t row, std::int64_t count,
                      FeatureRows& to) {
  if (count == 0) return;
  if (of.block_rows > 0) return read_packed_rows(file, of, row, count, to);
  const RowSpan wanted{of.shard.first_row + row, count};
  std::vector<std::int64_t> offsets = read_offsets(file, of, row, count);
  const std::int64_t begin = offsets.front(), entries = offsets.back() - begin;
  for (std::int64_t& offset : offsets) offset -= begin;
  const std::size_t before = to.columns.size(), after = before + static_cast<std::size_t>(entries);
  to.columns.resize(after);
  to.values.resize(after);
  file.read(of.layout.columns + 4 * begin, 4 * entries, to.columns.data() + before, wanted);
  file.read(of.layout.values + 4 * begin, 4 * entries, to.values.data() + before, wanted);
  check_entries(file, of, of.shard.first_row + row, offsets, to.columns.data() + before,
                to.values.data() + before);
  for (std::size_t r = 1; r < offsets.size(); ++r)
    to.offsets.push_back(static_cast<std::int64_t>(before) + offsets[r]);
}

}  // namespace thalweg
