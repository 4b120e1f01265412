#pragma once
// The entries of one row of a sparse batch, for the CPU files of this op.
#include <cstdint>

#include "kernels/common/hd.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

struct SparseEntries {
  const std::int32_t* columns;
  const float* values;
  std::int64_t count;
};

THALWEG_HD std::int64_t sparse_row_id(const SparseRows& rows, std::int64_t n) {
  return rows.ids != nullptr ? rows.ids[n] : n;
}

THALWEG_HD SparseEntries sparse_entries(const SparseRows& rows, std::int64_t n) {
  const std::int64_t id = sparse_row_id(rows, n);
  const std::int64_t begin = rows.offsets[id];
  return {rows.columns + begin, rows.values + begin, rows.offsets[id + 1] - begin};
}

/// Rows of a batch lie scattered over the data set, where no hardware prefetcher finds the next one: what is
/// asked for this many rows ahead is there when its turn comes.
constexpr std::int64_t kPrefetchRows = 8;

THALWEG_HD void prefetch_lines(const void* from, std::int64_t bytes) {
  constexpr std::int64_t kLine = 64, kMost = 16 * kLine;
  const char* p = static_cast<const char*>(from);
  const std::int64_t end = bytes < kMost ? bytes : kMost;
  for (std::int64_t at = 0; at < end; at += kLine) __builtin_prefetch(p + at);
}

THALWEG_HD void prefetch_columns(const SparseRows& rows, std::int64_t n) {
  const SparseEntries row = sparse_entries(rows, n);
  prefetch_lines(row.columns, row.count * 4);
}

THALWEG_HD void prefetch_entries(const SparseRows& rows, std::int64_t n) {
  const SparseEntries row = sparse_entries(rows, n);
  prefetch_lines(row.columns, row.count * 4);
  prefetch_lines(row.values, row.count * 4);
}

}  // namespace thalweg
