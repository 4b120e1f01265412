#pragma once
// A data set where the backend can read it. Backends that read host memory read the Dataset itself: nothing
// is copied.
#include <array>
#include <utility>

#include "host/data/input.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/base/loss.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

class DeviceDataset {
 public:
  DeviceDataset(const Context& ctx, const Dataset& data);

  /// Rows ids[0 .. count) of the data set; ids in the backend's memory, null: rows 0 .. count.
  Input input(const std::int64_t* ids, std::int64_t count) const;
  /// `scale`: LossTargets::scale.
  LossTargets targets(const std::int64_t* ids, const float* scale = nullptr) const;
  const Dataset& host() const { return *data_; }
  /// Throws UsageError unless every vector of the data set lies where it lay, with the same length.
  void require_unmoved() const;

 private:
  /// Where a vector lies, and its length.
  using Extent = std::pair<const void*, std::size_t>;
  using Extents = std::array<Extent, 9>;
  static Extents extents_of(const Dataset& data);

  const Dataset* data_;
  Extents extents_;
  Buffer<float> f32_, values_, target_, weight_, scale_, shift_;
  Buffer<std::uint8_t> u8_;
  Buffer<std::int64_t> offsets_;
  Buffer<std::int32_t> columns_;
  DenseRows dense_;
  SparseRows sparse_;
  LossTargets targets_;
};

/// Sum of the weights of the rows, in double, in order; the number of rows when there are no weights.
double sum_of_weights(const Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
