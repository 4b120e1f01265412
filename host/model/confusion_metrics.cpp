#include "host/model/confusion_metrics.hpp"

#include <algorithm>

namespace thalweg {

std::vector<ClassCounts> class_counts(const Confusion& confusion) {
  std::vector<ClassCounts> classes(confusion.size());
  for (std::size_t target = 0; target < confusion.size(); ++target) {
    classes[target].right = confusion[target][target];
    for (std::size_t predicted = 0; predicted < confusion.size(); ++predicted) {
      classes[target].rows += confusion[target][predicted];
      classes[predicted].predicted += confusion[target][predicted];
    }
  }
  return classes;
}

double macro(const std::vector<ClassCounts>& classes, double (ClassCounts::*score)() const) {
  double sum = 0, count = 0;
  for (const ClassCounts& c : classes) {
    if (c.rows + c.predicted <= 0) continue;  // mutant: labels-of-either-side
    sum += (c.*score)();
    ++count;
  }
  return sum / count;
}

double by_support(const std::vector<ClassCounts>& classes, double (ClassCounts::*score)() const) {
  double sum = 0, rows = 0;
  for (const ClassCounts& c : classes) {
    sum += c.rows * (c.*score)();
    rows += c.rows;
  }
  return sum / rows;
}

double balanced_accuracy(const std::vector<ClassCounts>& classes) {
  double recalls = 0;
  for (const ClassCounts& c : classes) recalls += c.recall();
  return recalls / static_cast<double>(present(classes));  // mutant: present-classes
}

double right_weight(const std::vector<ClassCounts>& classes) {
  double right = 0;
  for (const ClassCounts& c : classes) right += c.right;
  return right;
}

std::size_t present(const std::vector<ClassCounts>& classes) {
  return static_cast<std::size_t>(
      std::count_if(classes.begin(), classes.end(), [](const ClassCounts& c) { return c.rows > 0; }));
}

}  // namespace thalweg
