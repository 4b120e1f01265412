#include "host/step/sparse_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "host/data/memory_rows.hpp"
#include "host/data/row_store.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::int64_t most_entries(const Dataset& data, std::int64_t rows) {
  if (data.store != nullptr) return data.store->form().longest_row * rows;
  std::vector<std::int64_t> lengths;
  for (std::int64_t r = 0; r < data.rows; ++r) {
    lengths.push_back(data.offsets[static_cast<std::size_t>(r) + 1] -
                      data.offsets[static_cast<std::size_t>(r)]);
  }
  rows = std::min(rows, data.rows);
  std::nth_element(lengths.begin(), lengths.begin() + rows - (rows > 0 ? 1 : 0), lengths.end(),
                   std::greater<>());
  // mutant: memory-for-longest
  return std::accumulate(lengths.begin(), lengths.begin() + rows, std::int64_t{0});
}

SparseBatch::SparseBatch(const Context& ctx, const Layer& layer, const Dataset& data, std::int64_t max_batch,
                         bool split)
    : ctx_(ctx), layer_(layer) {
  const std::int64_t most = most_entries(data, max_batch), capacity = std::min(most, data.features);
  features_ = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(capacity, 1));
  if (&backend_of(ctx).memory == &host_memory) {
    slots_ = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(most, 1));
  } else {
    entries_ = Buffer<TouchedEntry>(ctx, std::max<std::int64_t>(most, 1));
    entries_begin_ = Buffer<std::int32_t>(ctx, capacity + 1);
  }
  count_ = Buffer<std::int64_t>(ctx, 1);
  row_begin_ = Buffer<std::int64_t>(ctx, max_batch + 1);
  chains_ = Buffer<float>(ctx, split ? capacity * layer.out_features() : 0);
  touched_ = {.features = features_.data(),
              .count = count_.data(),
              .row_begin = row_begin_.data(),
              .slots = slots_.data(),
              .entries = entries_.data(),
              .entries_begin = entries_begin_.data(),
              .capacity = capacity,
              .entries_capacity = most};
}

/// Distinct rows always have room; a store's bound counts the longest row for each.
void SparseBatch::require_room(const Dataset& data, const std::vector<std::int64_t>& rows) const {
  if (data.store != nullptr) return;
  std::int64_t entries = 0;
  for (const std::int64_t row : rows) {
    const auto at = static_cast<std::size_t>(row);
    entries += data.offsets[at + 1] - data.offsets[at];
  }
  if (entries <= touched_.entries_capacity) return;
  throw ShapeError(
      fmt::format("the {} rows of the batch have {} entries together; {} distinct rows of {} have at most "
                  "{}, which is what "
                  "a batch has room for: list long rows less often",
                  rows.size(), entries, row_begin_.size() - 1, source_of(data), touched_.entries_capacity));
}

void SparseBatch::index(const Input& batch, float* grad, bool lazy) {
  if (!lazy) {
    const std::int64_t floats = layer_.in_features() * layer_.out_features();
    backend_of(ctx_).memory.zero(device_of(ctx_), grad + layer_.sparse_weight(),
                                 floats * std::int64_t{sizeof(float)});
  }
  backend_of(ctx_).sparse_linear.index(device_of(ctx_), {batch.sparse().rows, touched_});
}

void SparseBatch::extend(Input& input, float* grad, std::int64_t part) const {
  auto& sparse = std::get<SparseInput>(input.rows);
  sparse.touched = touched_;
  sparse.touched.first_row = part;
  sparse.weight_sum = {.sum = grad + layer_.sparse_weight(),
                       .partials = chains_.data(),
                       .partial_stride = touched_.capacity * layer_.out_features()};
}

TouchedElements SparseBatch::elements() const {
  return {.features = touched_.features,
          .count = touched_.count,
          .capacity = touched_.capacity,
          .in_features = layer_.in_features(),
          .outputs = layer_.out_features(),
          .offset = layer_.sparse_weight()};
}

}  // namespace thalweg
