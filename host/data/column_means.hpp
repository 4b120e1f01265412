#pragma once
#include <cstdint>
#include <vector>

namespace thalweg {

/// Means of the cells that are not missing, of rows that come one after the other. They have the bits of the
/// means of the same rows in memory.
class ColumnMeans {
 public:
  explicit ColumnMeans(std::int64_t columns)
      : sums_(static_cast<std::size_t>(columns)), counts_(static_cast<std::size_t>(columns)) {}

  void add(const float* row);
  /// NaN where every cell is missing.
  std::vector<float> all() const;
  /// By column, the cells that are not missing.
  const std::vector<std::int64_t>& counts() const { return counts_; }

 private:
  std::vector<double> sums_;
  std::vector<std::int64_t> counts_;
};

}  // namespace thalweg
