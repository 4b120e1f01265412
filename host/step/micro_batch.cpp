#include "host/step/micro_batch.hpp"

#include <algorithm>
#include <string_view>

#include "host/data/feature_rows.hpp"
#include "host/data/row_store.hpp"
#include "host/ranks/part_sums.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/slices.hpp"

namespace thalweg {
namespace {

/// Rows of a part, in bytes: half of a second-level cache, or a small part of a third.
constexpr std::int64_t kPartBytes = 1 << 20;
/// Every part reads and writes the sums so far: 8 bytes per feature and output. Rows read from a cache
/// instead of memory save 4 bytes per feature. With four rows per output the parts pay.
constexpr std::int64_t kRowsPerOutput = 4;
/// Parts of a whole number of row blocks, whatever the instruction set.
constexpr std::int64_t kRowStep = 16;

/// Rows that the forward product has read are read again for the weight gradient. With hidden layers there is
/// more to compute than to read, and sparse rows are indexed as a batch.
bool reads_rows_twice(const Network& network) {
  return network.layers().size() == 1 && network.sparse_layer() == nullptr &&
         !network.is_single_output_linear();
}

}  // namespace

std::int64_t asked_rows(const LearnerOptions& options) {
  return options.micro_batch > 0 ? std::min(options.micro_batch, options.max_batch) : options.max_batch;
}

std::int64_t micro_rows(const Context& ctx, const Network& network, const Dataset& data,
                        const LearnerOptions& options) {
  const bool left_open = options.micro_batch <= 0;
  const bool cpu = std::string_view(backend_of(ctx).name).starts_with("cpu");
  if (!left_open || !cpu || !reads_rows_twice(network)) return asked_rows(options);
  const std::int64_t row_bytes = data.features * (holds_bytes(data) ? 1 : 4);
  const std::int64_t part = kPartBytes / std::max<std::int64_t>(row_bytes, 1) / kRowStep * kRowStep;
  // Twice as much still fits the caches of two threads.
  const bool pays = part >= kRowsPerOutput * network.spec().outputs && options.max_batch > 2 * part;
  return pays ? part : asked_rows(options);
}

std::int64_t gradient_arenas(const LearnerOptions& options) {
  const bool in_parts = asked_rows(options) < options.max_batch || options.reduction_slices > kMaxSlices;
  if (!in_parts || options.ranks > 1) return 1;
  return most_part_sums(options.reduction_slices, {0, options.reduction_slices});
}

}  // namespace thalweg
