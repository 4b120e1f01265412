#pragma once
// The order of samples in an epoch: a keyed bijection of [0, rows). It needs no index array, and any backend
// or rank can compute any position directly.
#include <cstdint>

#include "kernels/base/feistel.hpp"

namespace thalweg {

class EpochOrder {
 public:
  /// shuffle == false: the rows as they lie. Throws ShapeError when rows is negative or above 2^62.
  EpochOrder(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch, bool shuffle);
  /// The row at `position` of the epoch; both in [0, rows).
  std::int64_t operator()(std::int64_t position) const;
  /// The rows at positions [first, first + count), several times as fast as one by one.
  void fill(std::int64_t first, std::int64_t count, std::int64_t* rows) const;
  /// The data that a kernel needs to compute the same rows with feistel_row.
  const Feistel& network() const noexcept { return network_; }

 private:
  Feistel network_;
  bool shuffle_;
};

}  // namespace thalweg
