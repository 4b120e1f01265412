#pragma once
// What a step on sparse rows needs besides a step on dense ones: which features the batch touches, and where
// their gradient is.
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "host/runtime/memory.hpp"

namespace thalweg {

class SparseBatch {
 public:
  /// `layer`: the network's sparse_layer(). `split`: a slice may come in several calls, between which its
  /// chains are kept. All buffers are as large as the longest rows may need.
  SparseBatch(const Context& ctx, const Layer& layer, const Dataset& data, std::int64_t max_batch,
              bool split);

  /// Throws ShapeError unless there is room for the entries of the rows; one that is listed twice counts
  /// twice.
  void require_room(const Dataset& data, const std::vector<std::int64_t>& rows) const;
  /// Lists the features of the batch's rows. Unless updates are lazy, the gradient of all others is set to
  /// zero.
  void index(const Input& batch, float* grad, bool lazy);
  /// Adds to the rows of a call what its gradient needs. `part`: position in the batch of the first row of
  /// the part that the slices of the call are of.
  void extend(Input& input, float* grad, std::int64_t part) const;
  /// What a lazy update changes.
  TouchedElements elements() const;

 private:
  const Context& ctx_;
  const Layer& layer_;
  Buffer<std::int32_t> features_, slots_, entries_begin_;
  Buffer<TouchedEntry> entries_;
  Buffer<std::int64_t> count_, row_begin_;
  Buffer<float> chains_;  ///< of a slice
  TouchedFeatures touched_;
};

/// A bound of the entries that `rows` rows of a sparse data set hold together; in memory the least.
std::int64_t most_entries(const Dataset& data, std::int64_t rows);

}  // namespace thalweg
