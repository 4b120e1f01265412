#include "host/data/target_transform.hpp"

#include <cmath>

namespace thalweg {

void apply_target_transform(const TargetTransform& transform, Dataset& data) {
  data.target_transform = transform;
  if (transform == TargetTransform{}) return;
  for (float& target : data.target)
    target = static_cast<float>((target - transform.mean) / transform.deviation);
}

void standardize_target(Dataset& data, const std::vector<std::int64_t>& rows) {
  double sum = 0, squares = 0;
  for (const std::int64_t row : rows) sum += data.target[static_cast<std::size_t>(row)];
  const double mean = sum / static_cast<double>(rows.size());
  for (const std::int64_t row : rows) {
    const double centred = data.target[static_cast<std::size_t>(row)] - mean;
    squares += centred * centred;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(rows.size()));  // mutant: divide-by-count
  apply_target_transform({mean, deviation > 0 ? deviation : 1.0}, data);           // mutant: constant-target
}

}  // namespace thalweg
