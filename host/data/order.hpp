#pragma once
// The order of samples in an epoch: a keyed bijection of [0, n), so that it needs no index array and any
// position of it can be computed at once, on any backend and for any number of ranks.
#include <cstdint>

#include "kernels/common/hd.hpp"

namespace thalweg {

class EpochOrder {
 public:
  EpochOrder(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch, bool shuffle);
  /// The row at `position` of the epoch; both in [0, rows).
  std::int64_t operator()(std::int64_t position) const;

 private:
  std::int64_t rows_;
  std::uint32_t key_[2];
  std::uint32_t epoch_[2];
  int half_bits_;
  bool shuffle_;
};

}  // namespace thalweg
