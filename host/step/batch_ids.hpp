#pragma once
// The row ids of a step's batch, in the backend's memory.
#include <optional>

#include "host/step/epoch_ids.hpp"
#include "host/step/staged_inputs.hpp"

namespace thalweg {

class BatchIds {
 public:
  /// `batches`: as LearnerOptions::batches.
  BatchIds(const Context& ctx, const EpochBatches* batches, const StagedInputs& inputs);

  /// Where the batch lies in its epoch, for StepInputs; nothing of a list.
  BatchPlace place(const StepRows& rows);
  /// As OrderArgs::rows.
  const std::int64_t* order_rows() const { return order_.rows(); }
  /// The learner's own copy; null: steps have no such batch.
  const EpochBatches* batches() const { return order_.batches(); }
  /// Throws UsageError for a batch of other EpochBatches.
  void require_known(const EpochBatch& batch) const;
  /// Makes the ids of a step whose inputs are uploaded: those of a list are there, those of an epoch's batch
  /// are computed.
  void find(const StepRows& rows);
  const std::int64_t* ids() const { return ids_; }
  /// Ids of the batch that is likely to follow; null: not known.
  const std::int64_t* upcoming() const { return epoch_ids_ ? epoch_ids_->upcoming() : nullptr; }
  std::int64_t upcoming_count() const { return epoch_ids_ ? epoch_ids_->upcoming_count() : 0; }

 private:
  const Context& ctx_;
  const StagedInputs& inputs_;
  PlacedOrder order_;
  std::optional<EpochIds> epoch_ids_;  ///< on a backend that reads host memory
  const std::int64_t* ids_;
};

}  // namespace thalweg
