#include "host/data/device_dataset.hpp"

#include "host/runtime/device_of.hpp"
#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The vector's own memory where the backend reads host memory, else a copy that `buffer` keeps; null when
/// empty.
template <class T>
const T* place(const Context& ctx, const std::vector<T>& values, Buffer<T>& buffer) {
  if (values.empty()) return nullptr;
  if (&backend_of(ctx).memory == &host_memory) {
    ask_for_huge_pages(values.data(), static_cast<std::int64_t>(values.size() * sizeof(T)));
    return values.data();
  }
  buffer = Buffer<T>(ctx, values);
  return buffer.data();
}

}  // namespace

DeviceDataset::DeviceDataset(const Context& ctx, const Dataset& data)
    : data_(&data), extents_(extents_of(data)) {
  targets_.target = place(ctx, data.target, target_);
  targets_.weight = place(ctx, data.weight, weight_);
  if (data.store != nullptr) return;  // features come by StagedRows
  if (data.sparse) {
    sparse_ = data.csr(nullptr, data.rows);
    sparse_.offsets = place(ctx, data.offsets, offsets_);
    sparse_.columns = place(ctx, data.columns, columns_);
    sparse_.values = place(ctx, data.values, values_);
    return;
  }
  dense_ = data.dense(nullptr, data.rows);
  if (dense_.dtype == DType::u8) {
    dense_.data = place(ctx, data.dense_u8, u8_);
  } else {
    dense_.data = place(ctx, data.dense_f32, f32_);
  }
  if (dense_.scale != nullptr) {
    dense_.scale = place(ctx, data.transform.scale, scale_);
    dense_.shift = place(ctx, data.transform.shift, shift_);
  }
}

DeviceDataset::Extents DeviceDataset::extents_of(const Dataset& d) {
  const auto extent = [](const auto& values) { return Extent{values.data(), values.size()}; };
  return {extent(d.dense_f32), extent(d.dense_u8),        extent(d.offsets),
          extent(d.columns),   extent(d.values),          extent(d.target),
          extent(d.weight),    extent(d.transform.scale), extent(d.transform.shift)};
}

void DeviceDataset::require_unmoved() const {
  if (extents_ == extents_of(*data_)) return;
  throw UsageError("the vectors of the data set have grown, shrunk or moved since the learner was made");
}

Input DeviceDataset::input(const std::int64_t* ids, std::int64_t count) const {
  const auto named = [&](auto rows) {
    rows.ids = ids;
    rows.rows = count;
    return rows;
  };
  if (data_->sparse) return {.rows = SparseInput{.rows = named(sparse_)}};
  return {.rows = named(dense_)};
}

LossTargets DeviceDataset::targets(const std::int64_t* ids, const float* scale) const {
  LossTargets targets = targets_;
  targets.ids = ids;
  targets.scale = scale;
  return targets;
}

double sum_of_weights(const Dataset& data, const std::vector<std::int64_t>& rows) {
  if (data.weight.empty()) return static_cast<double>(rows.size());
  double sum = 0;
  for (const std::int64_t row : rows) sum += data.weight[static_cast<std::size_t>(row)];
  return sum;
}

}  // namespace thalweg
