#include "kernels/base/contract_views.hpp"

namespace thalweg {
namespace {

/// How many rows of the data set a call surely names.
std::int64_t known_rows(const std::int64_t* ids, std::int64_t rows) {
  return ids != nullptr && rows > 0 ? 1 : rows;
}

Area features_area(const char* name, const DenseRows& x) {
  const std::int64_t rows = known_rows(x.ids, x.rows);
  if (x.dtype == DType::u8)
    return area(name, MatrixView<const unsigned char>{static_cast<const unsigned char*>(x.data), rows, x.cols,
                                                      x.stride});
  return area(name, ConstMatrix{static_cast<const float*>(x.data), rows, x.cols, x.stride});
}

/// Calls visit(label, data, size) for each array of the index.
template <class Visit>
void each_array(const Contract& op, const char* name, const TouchedFeatures& t, std::int64_t batch_rows,
                const Visit& visit) {
  op.at_least({name, "capacity"}, t.capacity, 0);
  op.at_least({name, "entries_capacity"}, t.entries_capacity, 0);
  visit(Label{name, "features"}, t.features, t.capacity);
  visit(Label{name, "count"}, t.count, std::int64_t{1});
  op.at_least({name, "first_row"}, t.first_row, 0);
  visit(Label{name, "row_begin"}, t.row_begin, t.first_row + batch_rows + 1);
  if (t.entries == nullptr) return visit(Label{name, "slots"}, t.slots, t.entries_capacity);
  visit(Label{name, "entries"}, t.entries, t.entries_capacity);
  visit(Label{name, "entries_begin"}, t.entries_begin, t.capacity + 1);
}

}  // namespace

void reads(Contract& op, const char* name, const DenseRows& x) {
  op.at_least({name, "rows"}, x.rows, 0);
  op.at_least({name, "cols"}, x.cols, 0);
  if (x.rows > 1) op.at_least({name, "stride"}, x.stride, x.cols);
  op.reads(features_area(name, x));
  op.may_read({name, "ids"}, x.ids, x.rows);
  if (x.scale == nullptr && x.shift == nullptr) return;
  op.reads({name, "scale"}, x.scale, x.cols);
  op.reads({name, "shift"}, x.shift, x.cols);
}

void reads(Contract& op, const char* name, const SparseRows& x) {
  op.at_least({name, "rows"}, x.rows, 0);
  op.at_least({name, "cols"}, x.cols, 0);
  if (x.rows > 0) op.reads({name, "offsets"}, x.offsets, known_rows(x.ids, x.rows) + 1);
  op.may_read({name, "columns"}, x.columns, 1);
  op.may_read({name, "values"}, x.values, 1);
  op.may_read({name, "ids"}, x.ids, x.rows);
}

void reads(Contract& op, const char* name, const LossTargets& t, std::int64_t rows) {
  op.reads({name, "target"}, t.target, known_rows(t.ids, rows));
  op.may_read({name, "weight"}, t.weight, known_rows(t.ids, rows));
  op.may_read({name, "ids"}, t.ids, rows);
  op.may_read({name, "scale"}, t.scale, 1);
}

void require_slices(const Contract& op, const BatchSlices& s, std::int64_t rows) {
  op.within({"slices", "slices"}, s.slices, 1, kMaxSlices);
  op.equal({"slices", "rows"}, s.rows, rows);
  op.at_least({"slices", "batch_rows"}, s.batch_rows, s.rows);
  op.within({"slices", "first"}, s.first, 0, s.batch_rows - s.rows);
}

void writes(Contract& op, const char* name, const BatchSum& to, const BatchSlices& slices, std::int64_t size,
            std::int64_t chain) {
  const Operand sum = op.writes({name, "sum"}, to.sum, size);
  if (slices.whole()) return;
  op.at_least({name, "partial_stride"}, to.partial_stride, chain);
  op.writes(area({name, "partials"}, Matrix{to.partials, slices.slices, chain, to.partial_stride}),
            slices.slices == 1 ? sum : Operand{});
}

void reads(Contract& op, const char* name, const TouchedFeatures& touched, std::int64_t batch_rows) {
  each_array(op, name, touched, batch_rows,
             [&op](const Label& label, const auto* data, std::int64_t size) { op.reads(label, data, size); });
}

void writes(Contract& op, const char* name, const TouchedFeatures& touched, std::int64_t batch_rows) {
  each_array(op, name, touched, batch_rows,
             [&op](const Label& label, auto* data, std::int64_t size) { op.writes(label, data, size); });
}

}  // namespace thalweg
