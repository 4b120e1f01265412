#pragma once
// Features of rows that a store gave, where the backend can read them: one batch or block at a time.
#include <cstdint>
#include <memory>
#include <vector>

#include "host/data/input.hpp"
#include "host/data/row_store.hpp"
#include "host/runtime/memory.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Host memory that copies to a device read from, one after the other.
class StagingArea {
 public:
  StagingArea(const Context& ctx, std::int64_t bytes)
      : ctx_(ctx), bytes_(bytes), buffer_(std::make_unique<StagingBuffer>(ctx, bytes)) {}

  /// Takes bytes that no copy reads any more. Waits for all copies if the rest of the area is too small.
  unsigned char* take(std::int64_t bytes);

 private:
  const Context& ctx_;
  std::int64_t bytes_, taken_ = 0;
  std::unique_ptr<StagingBuffer> buffer_;
};

class StagedRows {
 public:
  /// Room for `max_rows` rows of a data set that has a store. On a device, so many placements may be on their
  /// way at once; the next one waits for all of them.
  StagedRows(const Context& ctx, const Dataset& data, std::int64_t max_rows, std::int64_t in_flight = 2);

  /// Makes `rows` those of input. The caller keeps them until the next call: a backend that reads host memory
  /// reads them in place. A device copies them in the order of its stream to memory that stays where it is,
  /// so what was launched before sees the rows before.
  void place(const FeatureRows& rows);
  /// Rows [first, first + count) of those that were placed, in their order: they have no ids.
  Input input(std::int64_t first, std::int64_t count) const;

 private:
  void require_room(const FeatureRows& rows) const;
  /// Where the backend reads the values: in place, or in `device`.
  template <class T>
  const T* put(const std::vector<T>& values, Buffer<T>& device);

  const Context& ctx_;
  const bool in_place_;  ///< the backend reads host memory
  const StoredForm form_;
  const std::int64_t max_rows_;
  std::unique_ptr<StagingArea> staging_;  ///< none where rows are read in place
  Buffer<float> f32_, values_, scale_, shift_;
  Buffer<std::uint8_t> u8_;
  Buffer<std::int64_t> offsets_;
  Buffer<std::int32_t> columns_;
  DenseRows dense_;
  SparseRows sparse_;
};

}  // namespace thalweg
