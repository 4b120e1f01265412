#pragma once
// The rows that a learner trains on.
#include <memory>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/step/stored_rows.hpp"

namespace thalweg {

/// Rows in the form of a model's schema, where the backend can read them.
class LearnerData {
 public:
  /// `burst`: steps that may be queued. Refers to `rows` where these have the form already. Throws as
  /// FittedRows.
  LearnerData(const Context& ctx, const DataSchema& schema, const Dataset& rows,
              const LearnerOptions& options, std::int64_t burst);

  const Dataset& host() const { return placed_.host(); }
  /// Its address stays when other data are assigned.
  const DeviceDataset& placed() const { return placed_; }
  /// Throws UsageError unless the data set lies where it lay.
  void require_unmoved() const { placed_.require_unmoved(); }

  /// Whether rows of a batch are read by their position in it, because they come from a store.
  bool by_position() const { return stored_ != nullptr; }
  /// Makes the rows those of input, for the launches that follow. Throws what a store throws.
  void bring(const StepRows& rows);
  /// The rows, listed: with weights the host adds them up for StepResult::weight_sum, and the device has no
  /// order by blocks. Others stay as they are.
  StepRows listed_where_needed(StepRows rows) const;
  /// Rows [first, first + count) of the batch whose ids begin at `ids`, in the backend's memory.
  Input input(const std::int64_t* ids, std::int64_t first, std::int64_t count) const {
    return stored_ != nullptr ? stored_->input(first, count) : placed_.input(ids + first, count);
  }
  /// Rows that may be prefetched; none where they are sparse or come from a store.
  DenseRows upcoming(const std::int64_t* ids, std::int64_t count) const;
  /// Nothing of data in memory.
  LoadingReport loading() const { return stored_ != nullptr ? stored_->report() : LoadingReport{}; }

 private:
  std::unique_ptr<const FittedRows> fitted_;  ///< the caller's rows, or a copy that the transform made
  DeviceDataset placed_;
  std::unique_ptr<StoredRows> stored_;  ///< null: the features are in memory
};

}  // namespace thalweg
