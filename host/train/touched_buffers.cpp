#include "host/train/touched_buffers.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

namespace thalweg {
namespace {

/// The most entries that `rows` rows of a CSR data set can hold together.
std::int64_t most_entries(const Dataset& data, std::int64_t rows) {
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

}  // namespace

TouchedBuffers::TouchedBuffers(const Context& ctx, const Dataset& data, std::int64_t max_batch) {
  const std::int64_t entries = most_entries(data, max_batch);
  const std::int64_t capacity = std::min(entries, data.features);
  features = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(capacity, 1));
  slots = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(entries, 1));
  count = Buffer<std::int64_t>(ctx, 1);
  row_begin = Buffer<std::int64_t>(ctx, max_batch + 1);
  view = {features.data(), count.data(), row_begin.data(), slots.data(), capacity, entries};
}

}  // namespace thalweg
