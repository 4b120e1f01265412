#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// Rows of each class, as far as targets are whole numbers; it is not known yet whether they are classes.
class ClassRows {
 public:
  void add(std::span<const float> targets);
  /// Throws ShapeError where a target is not the index of one of so many classes.
  std::vector<std::int64_t> of(std::size_t classes) const;

 private:
  std::vector<std::int64_t> rows_;
  bool are_indices_ = true;
};

}  // namespace thalweg
