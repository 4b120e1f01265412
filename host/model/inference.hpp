#pragma once
// Outputs of a model on whole data sets, in blocks of rows.
#include <atomic>
#include <functional>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"

namespace thalweg {

/// Rows of a data set that went through a model, in the backend's memory until the next block.
struct OutputBlock {
  std::int64_t first = 0;  ///< position of the block's first row
  Matrix output;           ///< [rows of the block, outputs], contiguous
  LossTargets targets;     ///< without a target when the data has none
};

/// Rows of a data set where the backend reads them.
class PlacedRows {
 public:
  /// The rows that are given, in that order; null: all of them.
  PlacedRows(const Context& ctx, const Dataset& data, const std::vector<std::int64_t>* rows);

  std::int64_t count() const { return ids_.size(); }
  /// Targets of the rows from position `first` on.
  LossTargets targets(std::int64_t first = 0) const { return data_.targets(ids_.data() + first); }
  DenseRows dense(std::int64_t first, std::int64_t count) const;
  SparseRows sparse(std::int64_t first, std::int64_t count) const;
  const std::int64_t* ids(std::int64_t first) const { return ids_.data() + first; }
  const Dataset& host() const { return data_.host(); }

 private:
  DeviceDataset data_;
  Buffer<std::int64_t> ids_;
};

constexpr std::int64_t kBlockRows = 1024;

/// Brings the rows through the model, up to kBlockRows at a time. Throws InterruptedError soon after
/// `stop_signal` becomes non-zero.
void for_each_block(const Context& ctx, Network& network, const PlacedRows& rows,
                    const std::atomic<int>* stop_signal,
                    const std::function<void(const OutputBlock&)>& visit);

/// [rows, outputs] of the whole data set, on the host.
std::vector<float> infer(const Context& ctx, Network& network, const Dataset& data);

}  // namespace thalweg
