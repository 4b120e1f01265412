#include "host/data/staged_rows.hpp"

#include <fmt/format.h>

#include <cstring>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Each array begins where a copy to a device is fastest.
constexpr std::int64_t kAlignment = 256;

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

template <class T>
std::int64_t bytes_of(const std::vector<T>& values) {
  return std::ssize(values) * static_cast<std::int64_t>(sizeof(T));
}

/// What the arrays of one placement take on the average.
std::int64_t placement_bytes(const StoredForm& form, std::int64_t rows) {
  return rows * form.row_bytes() + 4 * kAlignment;
}

}  // namespace

unsigned char* StagingArea::take(std::int64_t bytes) {
  if (taken_ + bytes > bytes_) {
    backend_of(ctx_).memory.synchronize(device_of(ctx_));
    taken_ = 0;
    if (bytes > bytes_) {  // rows that are longer than the average
      buffer_ = std::make_unique<StagingBuffer>(ctx_, bytes);
      bytes_ = bytes;
    }
  }
  unsigned char* const free = buffer_->data() + taken_;
  taken_ += aligned(bytes);
  return free;
}

StagedRows::StagedRows(const Context& ctx, const Dataset& data, std::int64_t max_rows, std::int64_t in_flight)
    : ctx_(ctx),
      in_place_(&backend_of(ctx).memory == &host_memory),
      form_(data.store->form()),
      max_rows_(max_rows) {
  dense_ = {.dtype = form_.dtype, .cols = form_.features, .stride = form_.features};
  sparse_ = {.cols = form_.features};
  const FeatureTransform& transform = data.transform;
  const bool scaled = form_.dtype == DType::u8 && !transform.scale.empty();
  if (scaled) dense_.scale = transform.scale.data(), dense_.shift = transform.shift.data();
  if (in_place_) return;
  staging_ = std::make_unique<StagingArea>(ctx, in_flight * placement_bytes(form_, max_rows));
  if (scaled) {
    scale_ = Buffer<float>(ctx, transform.scale), shift_ = Buffer<float>(ctx, transform.shift);
    dense_.scale = scale_.data(), dense_.shift = shift_.data();
  }
  if (form_.sparse) {
    offsets_ = Buffer<std::int64_t>(ctx, max_rows + 1);
    columns_ = Buffer<std::int32_t>(ctx, max_rows * form_.longest_row);
    values_ = Buffer<float>(ctx, max_rows * form_.longest_row);
  } else if (form_.dtype == DType::u8) {
    u8_ = Buffer<std::uint8_t>(ctx, max_rows * form_.features);
  } else {
    f32_ = Buffer<float>(ctx, max_rows * form_.features);
  }
}

void StagedRows::place(const FeatureRows& rows) {
  require_room(rows);
  if (form_.sparse) {
    sparse_.offsets = put(rows.offsets, offsets_);
    sparse_.columns = put(rows.columns, columns_);
    sparse_.values = put(rows.values, values_);
  } else if (form_.dtype == DType::u8) {
    dense_.data = put(rows.u8, u8_);
  } else {
    dense_.data = put(rows.f32, f32_);
  }
}

/// A store that gives more than its form says would be written over other memory of the device.
void StagedRows::require_room(const FeatureRows& rows) const {
  const std::int64_t per_row = form_.sparse ? form_.longest_row : form_.features;
  const std::int64_t values = std::ssize(form_.sparse ? rows.values : rows.f32) + std::ssize(rows.u8);
  const bool csr = !form_.sparse ||
                   (std::ssize(rows.offsets) == rows.rows + 1 && rows.columns.size() == rows.values.size());
  if (csr && rows.rows <= max_rows_ && values <= rows.rows * per_row) return;
  throw InternalError(fmt::format("StagedRows: {} rows of {} values; expected at most {} rows of {} each",
                                  rows.rows, values, max_rows_, per_row));
}

template <class T>
const T* StagedRows::put(const std::vector<T>& values, Buffer<T>& device) {
  if (in_place_) return values.data();
  if (values.empty()) return device.data();
  unsigned char* const from = staging_->take(bytes_of(values));
  std::memcpy(from, values.data(), static_cast<std::size_t>(bytes_of(values)));
  backend_of(ctx_).memory.upload(device_of(ctx_), device.data(), from, bytes_of(values));
  return device.data();
}

Input StagedRows::input(std::int64_t first, std::int64_t count) const {
  if (form_.sparse) {
    SparseRows rows = sparse_;
    rows.offsets += first;
    rows.rows = count;
    return {.rows = SparseInput{.rows = rows}};
  }
  DenseRows rows = dense_;
  const std::int64_t bytes = first * form_.features * (form_.dtype == DType::u8 ? 1 : 4);
  rows.data = static_cast<const unsigned char*>(rows.data) + bytes;
  rows.rows = count;
  return {.rows = rows};
}

}  // namespace thalweg
