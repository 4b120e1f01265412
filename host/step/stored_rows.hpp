#pragma once
// The features of a step's batch, of a data set whose features stay in a store.
#include <memory>

#include "host/data/staged_rows.hpp"
#include "host/step/row_loader.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

class StoredRows {
 public:
  /// `burst`: steps that may be queued.
  StoredRows(const Context& ctx, const Dataset& data, const LearnerOptions& options, std::int64_t burst);
  ~StoredRows();
  StoredRows(const StoredRows&) = delete;
  StoredRows& operator=(const StoredRows&) = delete;

  /// Reads the features of the rows and makes them those of input, for the launches that follow. Throws what
  /// the store throws; the features are then those before.
  void bring(const StepRows& rows) { staged_.place(loader_->take(rows)); }
  /// Rows [first, first + count) of the batch.
  Input input(std::int64_t first, std::int64_t count) const { return staged_.input(first, count); }
  /// The ids of the rows of the batch.
  const std::vector<std::int64_t>& rows() const { return loader_->rows(); }
  LoadingReport report() const { return loader_->report(); }

 private:
  std::unique_ptr<RowLoader> loader_;
  StagedRows staged_;
};

}  // namespace thalweg
