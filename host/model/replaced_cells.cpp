#include "host/model/replaced_cells.hpp"

#include <algorithm>
#include <utility>

#include "host/data/feature_rows.hpp"

namespace thalweg {
namespace {

void append_entries(const RowEntries& row, std::int64_t begin, std::int64_t end,
                    std::vector<std::int32_t>& columns, std::vector<float>& values) {
  columns.insert(columns.end(), row.columns + begin, row.columns + end);
  values.insert(values.end(), row.values + begin, row.values + end);
}

class CellsReplaced : public RowStore {
 public:
  CellsReplaced(std::shared_ptr<const RowStore> from, const ColumnInputs& column, ReplacedCells cells)
      : from_(std::move(from)), column_(column), cells_(std::move(cells)), form_(from_->form()) {
    if (!form_.sparse) return;
    form_.longest_row = std::min(form_.longest_row + 1, form_.features);
    form_.entries += form_.rows;  // no fewer than there are
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    FeatureRows rows;
    from_->read(first, count, rows);
    const float* const* const cells = cells_.data() + first;
    if (form_.sparse) {
      rows = with_entries(rows, cells);
    } else if (form_.dtype == DType::u8) {
      overwrite(rows.rows, cells, rows.u8);
    } else {
      overwrite(rows.rows, cells, rows.f32);
    }
    append_rows(std::move(rows), to);
  }

 private:
  template <class T>
  void overwrite(std::int64_t rows, const float* const* cells, std::vector<T>& to) const {
    for (std::int64_t n = 0; n < rows; ++n) {
      if (cells[n] == nullptr) continue;
      T* const at = to.data() + n * form_.features + column_.first;
      std::transform(cells[n], cells[n] + column_.count, at, [](float cell) { return static_cast<T>(cell); });
    }
  }

  FeatureRows with_entries(const FeatureRows& rows, const float* const* cells) const {
    FeatureRows to;
    to.rows = rows.rows;
    for (std::int64_t n = 0; n < rows.rows; ++n) {
      const std::int64_t begin = rows.offsets[static_cast<std::size_t>(n)];
      const RowEntries row{rows.columns.data() + begin, rows.values.data() + begin,
                           rows.offsets[static_cast<std::size_t>(n) + 1] - begin};
      if (cells[n] == nullptr) {
        append_entries(row, 0, row.count, to.columns, to.values);
      } else {
        append_with(row, column_.first, *cells[n], to.columns, to.values);
      }
      to.offsets.push_back(std::ssize(to.columns));
    }
    return to;
  }

  std::shared_ptr<const RowStore> from_;
  ColumnInputs column_;
  ReplacedCells cells_;
  StoredForm form_;
};

}  // namespace

std::shared_ptr<const RowStore> with_cells(std::shared_ptr<const RowStore> from, const ColumnInputs& column,
                                           ReplacedCells cells) {
  return std::make_shared<CellsReplaced>(std::move(from), column, std::move(cells));
}

void append_with(const RowEntries& row, std::int64_t column, float value, std::vector<std::int32_t>& columns,
                 std::vector<float>& values) {
  const std::int32_t* const end = row.columns + row.count;
  const std::int32_t* const found = std::lower_bound(row.columns, end, column);
  const std::int64_t at = found - row.columns;
  append_entries(row, 0, at, columns, values);
  if (value != 0) {
    columns.push_back(static_cast<std::int32_t>(column));
    values.push_back(value);
  }
  append_entries(row, found != end && *found == column ? at + 1 : at, row.count, columns, values);
}

}  // namespace thalweg
