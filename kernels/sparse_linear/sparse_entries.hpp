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

}  // namespace thalweg
