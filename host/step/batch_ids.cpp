#include "host/step/batch_ids.hpp"

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

BatchIds::BatchIds(const Context& ctx, const EpochBatches* batches, const StagedInputs& inputs)
    : ctx_(ctx), inputs_(inputs), order_(ctx, batches), ids_(inputs.ids()) {
  const bool computed = batches != nullptr && batches->block_order().block_rows == 0;
  if (computed && &backend_of(ctx).memory == &host_memory) epoch_ids_.emplace(ctx, order_);
}

BatchPlace BatchIds::place(const StepRows& rows) {
  const auto* batch = std::get_if<EpochBatch>(&rows);
  return batch != nullptr ? order_.place(*batch) : BatchPlace{};
}

void BatchIds::require_known(const EpochBatch& batch) const {
  if (order_.batches() == nullptr || batch.batches() != *order_.batches())
    throw UsageError("the batch of a step is none of LearnerOptions::batches");
}

void BatchIds::find(const StepRows& rows) {
  ids_ = inputs_.ids();
  const auto* batch = std::get_if<EpochBatch>(&rows);
  if (batch == nullptr) return;
  if (epoch_ids_) {
    ids_ = epoch_ids_->move_to(*batch);
    return;
  }
  backend_of(ctx_).order.batch(
      device_of(ctx_),
      {.place = inputs_.place(), .rows = order_.rows(), .count = batch->count(), .ids = inputs_.ids()});
}

}  // namespace thalweg
