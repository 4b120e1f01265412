#pragma once
// Means and squared deviations of columns in one pass: Welford (1962) inside blocks of rows, merged in order
// as in Chan, Golub and LeVeque (1983).
#include <cstdint>
#include <vector>

namespace thalweg {

struct Moments {
  std::int64_t count = 0;
  std::vector<double> mean, squares;  ///< squares: sums of squared deviations from the mean

  explicit Moments(std::int64_t features = 0)
      : mean(static_cast<std::size_t>(features)), squares(static_cast<std::size_t>(features)) {}

  template <class T>
  void add(const T* row) {
    const double part = 1.0 / static_cast<double>(++count);
    double* const means = mean.data();
    double* const sums = squares.data();
    const std::size_t features = mean.size();
    for (std::size_t j = 0; j < features; ++j) {
      const double delta = static_cast<double>(row[j]) - means[j];
      means[j] += delta * part;
      sums[j] += delta * (static_cast<double>(row[j]) - means[j]);
    }
  }

  void merge(const Moments& block);
};

/// Moments of rows that come one after the other. They have the bits of the same rows in memory.
class MomentsOfRows {
 public:
  /// The rows of one block; the last one may be short.
  static constexpr std::int64_t kBlockRows = 4096;

  explicit MomentsOfRows(std::int64_t features) : block_(features) {}

  template <class T>
  void add(const T* row) {
    if (block_.count == kBlockRows) end_block();
    block_.add(row);
  }

  /// Of all rows so far.
  Moments all() const;

 private:
  void end_block();

  Moments all_, block_;
};

}  // namespace thalweg
