#include "host/step/step_rows.hpp"

#include "host/data/order.hpp"

namespace thalweg {
std::int64_t count_of(const StepRows& rows) {
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) return batch->count();
  return std::ssize(std::get<std::vector<std::int64_t>>(rows));
}

std::vector<std::int64_t> list_of(const StepRows& rows) {
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) return batch->rows();
  return std::get<std::vector<std::int64_t>>(rows);
}

std::int64_t placed_bytes(const EpochBatches* batches) {
  if (batches == nullptr || batches->block_order().block_rows > 0) return 0;  // the host lists those
  return std::ssize(batches->rows().list()) * std::int64_t{sizeof(std::int64_t)};
}

PlacedOrder::PlacedOrder(const Context& ctx, const EpochBatches* batches) {
  if (batches != nullptr) batches_ = *batches;
  if (placed_bytes(batches) > 0) rows_ = Buffer<std::int64_t>(ctx, batches->rows().list());
}

BatchPlace PlacedOrder::place(const EpochBatch& batch) {
  if (!batches_->shuffle()) return {.network = {}, .first = batch.first()};
  if (batch.epoch() != epoch_) {
    epoch_ = batch.epoch();
    network_ = EpochOrder(batches_->rows().size(), batches_->seed(), static_cast<std::uint64_t>(epoch_), true)
                   .network();
  }
  return {.network = network_, .first = batch.first()};
}

}  // namespace thalweg
