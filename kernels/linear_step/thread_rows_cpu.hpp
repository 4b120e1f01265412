#pragma once
// Which rows of the dense step a thread prefetches.
#include <cstdint>

#include "kernels/base/rows_cpu.hpp"
#include "kernels/gemm/tile_cpu.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/linear_step/slice_claims_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Prefetch distance in rows; half of a row is prefetched during the dot product, half during the gradient.
/// The wider the rows, the fewer of them stay in the L2 cache until they are read. For the widest rows the
/// distance is one, and memory delivers what is read in order within a row.
THALWEG_HD std::int64_t ahead_rows(const DenseRows& x) {
  constexpr std::int64_t kNarrowRow = 4 << 10, kWideRow = 24 << 10;
  const std::int64_t bytes = row_bytes(x);
  return bytes <= kNarrowRow ? 16 : bytes <= kWideRow ? 8 : 1;
}
/// The first line of a row is prefetched this many rows before its other lines. By then the address of its
/// page has been looked up.
constexpr std::int64_t kTranslationRows = 4;

/// The rows that a thread reads in turn: those of its share, of a slice that no thread has begun, of the next
/// call.
class ThreadRows {
 public:
  ThreadRows(const DenseLinearStep& step, const SliceClaims& claims, int slice, int thread, int threads)
      : step_(step),
        claims_(claims),
        begin_(step.slices.call_begin(slice)),
        end_(step.slices.call_end(slice)),
        run_end_(end_),
        upcoming_(Share{thread, threads}.begin(step.upcoming.rows)),
        ahead_(ahead_rows(step.input)),
        slice_(slice) {
    const Share share{thread, threads};
    const std::int64_t rows = step.input.rows;
    if (begin_ >= share.begin(rows) && end_ < share.end(rows)) run_end_ = share.end(rows);
  }

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  std::int64_t ahead() const { return ahead_; }

  /// The row that is likely to be read `later` rows after row n.
  const char* address_of(std::int64_t n, std::int64_t later) const {
    const std::int64_t past = n + later - run_end_;
    if (past < 0) return row(step_.input, n + later);
    const int next = run_end_ == end_ ? claims_.next_after(slice_) : -1;
    if (next >= 0) return row(step_.input, step_.slices.call_begin(next) + past);
    return step_.upcoming.rows > 0 ? row(step_.upcoming, upcoming_ + past) : row(step_.input, n);
  }

 private:
  static const char* row(const DenseRows& rows, std::int64_t n) {
    return row_address(rows, smaller(n, rows.rows - 1));
  }

  const DenseLinearStep& step_;
  const SliceClaims& claims_;
  std::int64_t begin_, end_;
  /// end of the rows that it reads in order: the end of its share while it is in its share
  std::int64_t run_end_;
  std::int64_t upcoming_;  ///< where its share of the next call begins
  std::int64_t ahead_;
  int slice_;
};

}  // namespace thalweg::THALWEG_ISA
