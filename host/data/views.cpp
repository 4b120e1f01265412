#include "thalweg/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/data/feature_checks.hpp"
#include "host/data/feature_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

template <class T>
class ViewedMatrix : public RowStore {
 public:
  ViewedMatrix(const MatrixView<const T>& rows, std::shared_ptr<const void> keeper)
      : view_(rows), keeper_(std::move(keeper)) {
    form_.rows = rows.rows, form_.features = rows.cols;
    form_.dtype = sizeof(T) == 1 ? DType::u8 : DType::f32;
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    for (std::int64_t r = first; r < first + count; ++r) append(view_.row(r), to);
    to.rows += count;
  }

 private:
  void append(const float* row, FeatureRows& to) const { to.f32.insert(to.f32.end(), row, row + view_.cols); }
  void append(const std::uint8_t* row, FeatureRows& to) const {
    to.u8.insert(to.u8.end(), row, row + view_.cols);
  }

  MatrixView<const T> view_;
  std::shared_ptr<const void> keeper_;
  StoredForm form_;
};

class ViewedCsr : public RowStore {
 public:
  ViewedCsr(const SparseRows& rows, std::int64_t longest_row, std::shared_ptr<const void> keeper)
      : view_(rows), keeper_(std::move(keeper)) {
    form_ = {.rows = rows.rows,
             .features = rows.cols,
             .sparse = true,
             .entries = rows.offsets[rows.rows],
             .longest_row = longest_row};
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    const std::int64_t* const ends = view_.offsets + first;
    for (std::int64_t n = 0; n < count; ++n) require_columns(first + n, ends[n], ends[n + 1] - ends[n]);
    const std::int64_t shift = to.offsets.back() - ends[0];
    for (std::int64_t n = 1; n <= count; ++n) to.offsets.push_back(shift + ends[n]);
    to.columns.insert(to.columns.end(), view_.columns + ends[0], view_.columns + ends[count]);
    to.values.insert(to.values.end(), view_.values + ends[0], view_.values + ends[count]);
    to.rows += count;
  }

 private:
  /// A step writes where the columns say.
  void require_columns(std::int64_t row, std::int64_t begin, std::int64_t count) const {
    const std::int32_t* const columns = view_.columns + begin;
    const std::int64_t bad = first_bad_column(columns, count, view_.cols);
    if (bad < count) refuse_column(fmt::format("view row {}", row), columns, bad, view_.cols);
  }

  SparseRows view_;
  std::shared_ptr<const void> keeper_;
  StoredForm form_;
};

void require_view(bool good, const char* what, const std::string& found, const char* expected) {
  if (!good) throw ShapeError(fmt::format("{} of the view: {}; expected {}", what, found, expected));
}

void require_extent(std::int64_t rows, std::int64_t features) {
  require_view(rows >= 0, "rows", std::to_string(rows), "0 or more");
  require_view(features >= 1, "features", std::to_string(features), "1 or more");
}

Dataset data_over(std::shared_ptr<const RowStore> store) {
  Dataset data;
  const StoredForm& form = store->form();
  data.rows = form.rows, data.features = form.features, data.sparse = form.sparse;
  data.source = "view";
  data.store = std::move(store);
  return data;
}

template <class T>
Dataset view_of(const MatrixView<const T>& rows, std::shared_ptr<const void> keeper) {
  require_extent(rows.rows, rows.cols);
  require_view(rows.stride >= rows.cols, "stride", std::to_string(rows.stride), "the features or more");
  require_view(rows.data != nullptr || rows.rows == 0, "data", "null", "the address of the first row");
  return data_over(std::make_shared<ViewedMatrix<T>>(rows, std::move(keeper)));
}

}  // namespace

Dataset matrix_view(ConstMatrix rows, std::shared_ptr<const void> keeper) {
  return view_of(rows, std::move(keeper));
}

Dataset matrix_view(MatrixView<const std::uint8_t> rows, std::shared_ptr<const void> keeper) {
  return view_of(rows, std::move(keeper));
}

Dataset csr_view(const SparseRows& rows, std::shared_ptr<const void> keeper) {
  require_extent(rows.rows, rows.cols);
  require_view(rows.ids == nullptr, "ids", "not null", "null: the rows in their order");
  require_view(rows.offsets != nullptr, "offsets", "null", "rows + 1 offsets");
  require_view(rows.offsets[0] == 0, "offsets[0]", std::to_string(rows.offsets[0]), "0");
  std::int64_t longest = 0;
  for (std::int64_t n = 0; n < rows.rows; ++n) {
    const std::int64_t length = rows.offsets[n + 1] - rows.offsets[n];
    require_view(length >= 0, "offsets", fmt::format("those of row {} descend", n), "ascending ones");
    longest = std::max(longest, length);
  }
  const bool filled = rows.columns != nullptr && rows.values != nullptr;
  require_view(filled || rows.offsets[rows.rows] == 0, "columns or values", "null", "their addresses");
  return data_over(std::make_shared<ViewedCsr>(rows, longest, std::move(keeper)));
}

}  // namespace thalweg
