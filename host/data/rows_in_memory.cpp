#include "host/data/rows_in_memory.hpp"

#include <algorithm>

#include "host/config/byte_size.hpp"
#include "host/data/feature_rows.hpp"
#include "host/runtime/available_memory.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBytesAtOnce = std::int64_t{4} << 20;

void reserve(const StoredForm& form, FeatureRows& rows) {
  if (form.sparse) {
    rows.offsets.reserve(static_cast<std::size_t>(form.rows + 1));
    rows.columns.reserve(static_cast<std::size_t>(form.entries));
    rows.values.reserve(static_cast<std::size_t>(form.entries));
  } else if (form.dtype == DType::u8) {
    rows.u8.reserve(static_cast<std::size_t>(form.rows * form.features));
  } else {
    rows.f32.reserve(static_cast<std::size_t>(form.rows * form.features));
  }
}

}  // namespace

Dataset in_memory_where_it_fits(Dataset data, const DataConfig& config) {
  const StoredForm form = data.store->form();
  const std::int64_t bytes = form.rows * form.row_bytes();
  const std::int64_t memory = bytes_from(config.memory).value_or(available_memory() / 4);
  if (bytes > memory || bytes >= kLargeStore) return data;
  FeatureRows rows;
  reserve(form, rows);
  const std::int64_t some = rows_within(form, kBytesAtOnce);
  for (std::int64_t first = 0; first < form.rows; first += some)
    data.store->read(first, std::min(some, form.rows - first), rows);
  if (!form.sparse) rows.offsets.clear();
  swap_features(data, rows);
  data.store.reset();
  return data;
}

}  // namespace thalweg
