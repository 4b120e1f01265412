#include "host/step/epoch_ids.hpp"

#include <algorithm>
#include <utility>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/order/order.hpp"

namespace thalweg {
namespace {

/// Ids that are computed at once, where batches are shorter: the last few of a run cost as much as a hundred.
constexpr std::int64_t kIdsAtOnce = 1024;

std::int64_t batches_at_once(const EpochBatches& batches) {
  return std::max<std::int64_t>(kIdsAtOnce / batches.batch_size(), 1);
}

}  // namespace

EpochIds::EpochIds(const Context& ctx, PlacedOrder& order) : ctx_(ctx), order_(order) {
  const EpochBatches& batches = *order.batches();
  const std::int64_t most = batches_at_once(batches) * batches.batch_size();
  current_.ids = Buffer<std::int64_t>(ctx, most);
  other_.ids = Buffer<std::int64_t>(ctx, most);
}

const std::int64_t* EpochIds::move_to(const EpochBatch& batch) {
  const bool in_sequence = upcoming_ == batch;
  if (current_.find(batch) == nullptr) std::swap(current_, other_);
  if (current_.find(batch) == nullptr) fill(current_, batch, 1);
  upcoming_ = batch.next();
  if (in_sequence && upcoming() == nullptr) fill(other_, *upcoming_, batches_at_once(batch.batches()));
  return current_.find(batch);
}

const std::int64_t* EpochIds::upcoming() const {
  if (!upcoming_) return nullptr;
  const std::int64_t* const here = current_.find(*upcoming_);
  return here != nullptr ? here : other_.find(*upcoming_);
}

const std::int64_t* EpochIds::Window::find(const EpochBatch& batch) const {
  const std::int64_t at = batch.first() - first;
  const bool in_it = batch.epoch() == epoch && at >= 0 && at + batch.count() <= count;
  return in_it ? ids.data() + at : nullptr;
}

void EpochIds::fill(Window& window, const EpochBatch& begin, std::int64_t batches) const {
  const BatchPlace place = order_.place(begin);
  const std::int64_t rest = begin.batches().rows().size() - begin.first();
  window.epoch = begin.epoch();
  window.first = begin.first();
  window.count = std::min(batches * begin.batches().batch_size(), rest);
  backend_of(ctx_).order.batch(
      device_of(ctx_),
      {.place = &place, .rows = order_.rows(), .count = window.count, .ids = window.ids.data()});
}

}  // namespace thalweg
