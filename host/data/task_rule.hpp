#pragma once
// The rule that makes targets classes or numbers when model.loss does not say: on values alone, so that the
// same targets mean the same task in every format (docs/numerics.md, Targets).
#include <string>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// More distinct whole numbers than this, or fewer rows than this for each on average, are a quantity.
inline constexpr std::size_t kMostAutomaticClasses = 20;
inline constexpr std::size_t kLeastRowsPerClass = 10;

struct Task {
  TargetKind kind = TargetKind::number;
  std::string reason;  ///< "the targets are texts"
};

Task automatic_task(const LabelColumn& labels);

}  // namespace thalweg
