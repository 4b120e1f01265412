#pragma once
// The rows of one step: a list, or a batch of an epoch that is listed only on demand.
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "host/runtime/memory.hpp"
#include "kernels/order/order.hpp"
#include "thalweg/epoch_batches.hpp"

namespace thalweg {

using StepRows = std::variant<std::vector<std::int64_t>, EpochBatch>;

std::int64_t count_of(const StepRows& rows);
std::vector<std::int64_t> list_of(const StepRows& rows);

/// Bytes of the backend's memory that a PlacedOrder takes.
std::int64_t placed_bytes(const EpochBatches* batches);

/// The data from which the backend computes the rows of the epochs' batches.
class PlacedOrder {
 public:
  PlacedOrder(const Context& ctx, const EpochBatches* batches);  ///< null: steps have no such batch

  const EpochBatches* batches() const { return batches_ ? &*batches_ : nullptr; }
  BatchPlace place(const EpochBatch& batch);
  /// The list that an order permutes, in the backend's memory; null: all rows of the data set.
  const std::int64_t* rows() const { return rows_.data(); }

 private:
  std::optional<EpochBatches> batches_;  ///< its own: those of the caller may end before
  Buffer<std::int64_t> rows_;
  std::int64_t epoch_ = -1;  ///< epoch of the network, whose keys are made once for all of its batches
  Feistel network_;
};

}  // namespace thalweg
