#pragma once
// Outputs of a model on whole data sets, in blocks of rows.
#include <atomic>
#include <functional>
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "kernels/base/loss.hpp"

namespace thalweg {

/// Rows of a data set that went through a model, in the backend's memory until the next block.
struct OutputBlock {
  std::int64_t first = 0;  ///< position of the block's first row
  Matrix output;           ///< [rows of the block, outputs], contiguous
  LossTargets targets;     ///< targets of the rows; no target if the data has none
};

/// Rows of a data set that the backend holds, but for features in a store. Refers to data set and rows.
class PlacedRows {
 public:
  /// The rows that are given, in that order; null: all of them.
  PlacedRows(const Context& ctx, const DeviceDataset& data, const std::vector<std::int64_t>* rows);

  std::int64_t count() const { return ids_.size(); }
  /// Ids from position `first` on.
  const std::int64_t* ids(std::int64_t first) const { return ids_.data() + first; }
  LossTargets targets(std::int64_t first = 0) const { return data_.targets(ids(first)); }
  /// Of features in memory.
  Input input(std::int64_t first, std::int64_t count) const { return data_.input(ids(first), count); }

  const Dataset& host() const { return data_.host(); }
  const std::vector<std::int64_t>* chosen() const { return rows_; }
  /// The data set's row at a position.
  std::size_t row(std::int64_t n) const {
    return static_cast<std::size_t>(rows_ != nullptr ? (*rows_)[static_cast<std::size_t>(n)] : n);
  }

 private:
  const DeviceDataset& data_;
  const std::vector<std::int64_t>* rows_;
  Buffer<std::int64_t> ids_;
};

constexpr std::int64_t kBlockRows = 1024;

/// Brings the rows through the model, up to kBlockRows at a time. Features in a store are read meanwhile, and
/// checked. Throws InterruptedError soon after `stop_signal` becomes non-zero, and what the store throws.
void for_each_block(const Context& ctx, Network& network, const PlacedRows& rows,
                    const std::atomic<int>* stop_signal,
                    const std::function<void(const OutputBlock&)>& visit);

/// [rows, outputs], on the host. The data have the form of the model's; `rows`: null: all of them.
std::vector<float> infer(const Context& ctx, Network& network, const Dataset& data,
                         const std::vector<std::int64_t>* rows = nullptr,
                         const std::atomic<int>* stop_signal = nullptr);

/// Throws InterruptedError if `stop_signal` is non-zero, after `done` of `rows` rows of `source`.
void require_going(const std::atomic<int>* stop_signal, std::int64_t done, std::int64_t rows,
                   const std::string& source);

}  // namespace thalweg
