#pragma once
#include <cstdint>
#include <limits>

#include "host/model/inference.hpp"

namespace thalweg {

/// Sums for the metrics that depend on the data alone; in double, in the order of the rows.
struct Targets {
  double weight = 0;             ///< total weight of the rows
  double squared_deviation = 0;  ///< weighted, from the weighted mean
  std::int64_t rows = 0;         ///< those with a weight
  double least = std::numeric_limits<double>::infinity(), most = -least;

  /// The deviation may be a rounding then, and not 0.
  bool constant() const { return least == most; }
};

Targets targets_of(const PlacedRows& rows);

}  // namespace thalweg
