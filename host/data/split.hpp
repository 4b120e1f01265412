#pragma once
// Which rows are held out: by the row alone, by class, or in folds.
#include <cstdint>
#include <vector>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// As split_rows, but each class gives its share of the rows that are held out, exact to a row. `class_of` is
/// the class of each row. A class always keeps a row to train on.
Split split_by_class(const std::vector<float>& class_of, double fraction, std::uint64_t seed);

/// Folds for cross-validation: every row is in one, their sizes differ by at most one, and so do the numbers
/// of rows that they have of a class.
class Folds {
 public:
  /// Throws ConfigError if there are fewer rows than folds. One class for all rows: their classes do not
  /// count.
  Folds(const std::vector<float>& class_of, std::int64_t folds, std::uint64_t seed);
  /// Holds out the rows of a fold.
  Split split(std::int64_t fold) const;

 private:
  std::vector<std::int64_t> fold_of_;
};

}  // namespace thalweg
