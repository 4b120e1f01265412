#include "host/train/micro_batch.hpp"

#include <algorithm>
#include <string_view>

#include "kernels/common/backend.hpp"

namespace thalweg {
namespace {

/// Rows of a part, in bytes: half of a second-level cache, or a small part of a third.
constexpr std::int64_t kPartBytes = 1 << 20;
/// Every part reads and writes the sums so far, 8 bytes for each feature and output; rows that are read from
/// a cache instead of memory save 4 bytes for each feature. Four rows an output make that worth it.
constexpr std::int64_t kRowsPerOutput = 4;
/// Parts of a whole number of row blocks, whatever the instruction set.
constexpr std::int64_t kRowStep = 16;

/// Rows that the forward product has read are read again for the weight gradient. With hidden layers there is
/// more to compute than to read, and sparse rows are indexed as a batch.
bool reads_rows_twice(const Network& network) {
  return network.layers().size() == 1 && !network.sparse() && !network.is_single_output_linear();
}

}  // namespace

std::int64_t micro_rows(const Context& ctx, const Network& network, const Dataset& data,
                        const LearnerOptions& options) {
  const std::int64_t whole = options.max_batch;
  if (options.micro_batch > 0) return std::min(options.micro_batch, whole);
  if (!std::string_view(ctx.backend().name).starts_with("cpu") || !reads_rows_twice(network)) return whole;
  const std::int64_t row_bytes = data.features * (data.dense_u8.empty() ? 4 : 1);
  const std::int64_t part = kPartBytes / std::max<std::int64_t>(row_bytes, 1) / kRowStep * kRowStep;
  // Twice as much still fits the caches of two threads.
  if (part < kRowsPerOutput * network.spec().outputs || whole <= 2 * part) return whole;
  return part;
}

}  // namespace thalweg
