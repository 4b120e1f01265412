#pragma once
// Metrics that follow from the confusion matrix alone, as scikit-learn defines them.
#include <cstddef>
#include <vector>

namespace thalweg {

using Confusion = std::vector<std::vector<double>>;  ///< [target][predicted]: summed weights

/// Of one class: the weight of its rows, of the rows predicted as it, and of those that are both.
struct ClassCounts {
  double rows = 0, predicted = 0, right = 0;

  // 0 where nothing was predicted or nothing is there, as scikit-learn's zero_division has it.
  double precision() const { return predicted > 0 ? right / predicted : 0.0; }
  double recall() const { return rows > 0 ? right / rows : 0.0; }
  double f1() const { return rows + predicted > 0 ? 2 * right / (rows + predicted) : 0.0; }
};

std::vector<ClassCounts> class_counts(const Confusion& confusion);

/// The mean over the classes that some row has or is predicted as.
double macro(const std::vector<ClassCounts>& classes, double (ClassCounts::*score)() const);
/// The mean over the classes, each with the weight of its rows.
double by_support(const std::vector<ClassCounts>& classes, double (ClassCounts::*score)() const);
/// The mean recall of the classes that have rows.
double balanced_accuracy(const std::vector<ClassCounts>& classes);
double right_weight(const std::vector<ClassCounts>& classes);
/// The classes that have rows.
std::size_t present(const std::vector<ClassCounts>& classes);

}  // namespace thalweg
