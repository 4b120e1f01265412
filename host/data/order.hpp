#pragma once
// The order of samples in an epoch: a keyed bijection of [0, rows). It needs no index array, and any backend
// or rank can compute any position directly.
#include <cstdint>

#include "kernels/base/feistel.hpp"
#include "kernels/base/philox.hpp"

namespace thalweg {

/// The permutation of [0, rows) whose keys are the Philox words of `counter` and of the three counters after
/// it, of which word 0 is higher by 1, 2 and 3.
Feistel feistel_network(std::int64_t rows, PhiloxKey key, PhiloxBlock counter);
/// The position of `row`: the inverse of feistel_row.
std::int64_t feistel_position(const Feistel& network, std::int64_t row);

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
