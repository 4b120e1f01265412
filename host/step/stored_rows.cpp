#include "host/step/stored_rows.hpp"

#include <algorithm>

#include "host/step/checked_store.hpp"

namespace thalweg {
namespace {

/// Host memory for batches on their way to a device. What a bus copies in a millisecond would do.
constexpr std::int64_t kInFlightBytes = 64 << 20;

std::int64_t batches_in_flight(const StoredForm& form, std::int64_t max_batch, std::int64_t burst) {
  const std::int64_t batch_bytes = std::max<std::int64_t>(form.row_bytes() * max_batch, 1);
  return std::clamp<std::int64_t>(kInFlightBytes / batch_bytes, 1, burst);
}

}  // namespace

StoredRows::StoredRows(const Context& ctx, const Dataset& data, const LearnerOptions& options,
                       std::int64_t burst)
    : loader_(std::make_unique<RowLoader>(checked_store(data), options.loading, options.max_batch,
                                          options.batches)),
      staged_(ctx, data, options.max_batch, batches_in_flight(data.store->form(), options.max_batch, burst)) {
}

/// The child of a fork has none of the threads. Joining them would never end, so the loader is not destroyed.
StoredRows::~StoredRows() {
  if (!loader_->is_of_this_process()) static_cast<void>(loader_.release());
}

}  // namespace thalweg
