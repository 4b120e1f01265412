#include "host/step/step_rows.hpp"

#include "host/data/order.hpp"

namespace thalweg {
namespace {

bool permutes_a_list(const EpochBatches& batches) {
  const std::vector<std::int64_t>& rows = batches.rows();  // ascending, or in an order of the caller's
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<std::int64_t>(i)) return true;
  }
  return false;
}

}  // namespace

std::int64_t count_of(const StepRows& rows) {
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) return batch->count();
  return std::ssize(std::get<std::vector<std::int64_t>>(rows));
}

std::vector<std::int64_t> list_of(const StepRows& rows) {
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) return batch->rows();
  return std::get<std::vector<std::int64_t>>(rows);
}

std::int64_t placed_bytes(const EpochBatches* batches) {
  if (batches == nullptr || !permutes_a_list(*batches)) return 0;
  return std::ssize(batches->rows()) * std::int64_t{sizeof(std::int64_t)};
}

PlacedOrder::PlacedOrder(const Context& ctx, const EpochBatches* batches) {
  if (batches != nullptr) batches_ = *batches;
  if (placed_bytes(batches) > 0) rows_ = Buffer<std::int64_t>(ctx, batches->rows());
}

BatchPlace PlacedOrder::place(const EpochBatch& batch) {
  if (!batches_->shuffle()) return {.network = {}, .first = batch.first()};
  if (batch.epoch() != epoch_) {
    epoch_ = batch.epoch();
    network_ =
        EpochOrder(std::ssize(batches_->rows()), batches_->seed(), static_cast<std::uint64_t>(epoch_), true)
            .network();
  }
  return {.network = network_, .first = batch.first()};
}

}  // namespace thalweg
