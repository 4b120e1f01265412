#pragma once
// Cells of dense rows that shards hold in 16 bits.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "thalweg/shards.hpp"

namespace thalweg {

/// Rounds cells to 16 bits, and keeps what that changes.
class HalfCells {
 public:
  explicit HalfCells(CellFloats floats) : floats_(floats) {}

  /// The cells of whole rows, the first of which is `first_row`; good until the next call. Throws DataError
  /// for a cell beyond the range of the type.
  std::span<const std::uint16_t> round(std::span<const float> cells, std::int64_t features,
                                       std::int64_t first_row);
  /// What rounding changed, in a line; empty: nothing.
  std::string loss() const;

 private:
  CellFloats floats_;
  std::vector<std::uint16_t> bits_;
  std::int64_t cells_ = 0, changed_ = 0;
  double most_ = 0;  ///< of what was taken off or added, relative to the cell
};

/// The floats that cells of 16 bits stand for.
void widen_halves(CellFloats floats, std::span<const std::uint16_t> bits, float* to);

}  // namespace thalweg
