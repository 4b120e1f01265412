#pragma once
// The entries of one row of a sparse batch, for the CPU files of this op.
#include <cstdint>

#include "kernels/base/hd.hpp"
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
/// asked for this many rows ahead is there when its turn comes, and twice as many rows ahead where it lies.
constexpr std::int64_t kPrefetchRows = 8;

/// Every line of [from, from + bytes), which begins and ends inside of lines, up to a limit.
THALWEG_HD void prefetch_lines(const void* from, std::int64_t bytes) {
  constexpr std::int64_t kLine = 64, kMost = 16 * kLine;
  const std::int64_t inside = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(from) % kLine);
  const char* const first = static_cast<const char*>(from) - inside;
  const std::int64_t end = inside + (bytes < kMost ? bytes : kMost);
  for (std::int64_t at = 0; at < end; at += kLine) __builtin_prefetch(first + at);
}

/// Where row n begins and ends, which is in two lines now and then.
THALWEG_HD void prefetch_offsets(const SparseRows& rows, std::int64_t n) {
  const std::int64_t* const begin = rows.offsets + sparse_row_id(rows, n);
  __builtin_prefetch(begin);
  __builtin_prefetch(begin + 1);
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

/// Calls visit(n, entries) for the rows [begin, end), and before that ask(n), which prefetches what visit
/// reads.
template <class Ask, class Visit>
THALWEG_HD void walk_rows(const SparseRows& rows, std::int64_t begin, std::int64_t end, const Ask& ask,
                          const Visit& visit) {
  for (std::int64_t n = begin; n < begin + 2 * kPrefetchRows && n < end; ++n) prefetch_offsets(rows, n);
  for (std::int64_t n = begin; n < begin + kPrefetchRows && n < end; ++n) ask(n);
  for (std::int64_t n = begin; n < end; ++n) {
    if (n + 2 * kPrefetchRows < end) prefetch_offsets(rows, n + 2 * kPrefetchRows);
    if (n + kPrefetchRows < end) ask(n + kPrefetchRows);
    visit(n, sparse_entries(rows, n));
  }
}

}  // namespace thalweg
