#pragma once
// Rows in which one raw column has other cells.
#include <cstdint>
#include <memory>
#include <vector>

#include "host/data/row_store.hpp"
#include "host/model/input_names.hpp"

namespace thalweg {

/// Per row the new cells of the column, or null where the row stays as it is.
using ReplacedCells = std::vector<const float*>;

/// The rows of `from` with other cells, made as they are read. The cells live as long as it does.
std::shared_ptr<const RowStore> with_cells(std::shared_ptr<const RowStore> from, const ColumnInputs& column,
                                           ReplacedCells cells);

/// Entries of a sparse row.
struct RowEntries {
  const std::int32_t* columns = nullptr;
  const float* values = nullptr;
  std::int64_t count = 0;
};

/// Appends the entries with `value` as the cell of `column`. A cell of 0 has no entry.
void append_with(const RowEntries& row, std::int64_t column, float value, std::vector<std::int32_t>& columns,
                 std::vector<float>& values);

}  // namespace thalweg
