#include "host/data/target_transform.hpp"

#include <cmath>

#include "host/data/precise.hpp"

namespace thalweg {

namespace {

/// float32 targets less their offset, which is taken off in double.
void take_offset(double offset, const std::vector<double>& numbers, Dataset& data) {
  if (offset == 0) return;
  for (std::size_t r = 0; r < data.target.size(); ++r)
    data.target[r] = static_cast<float>(numbers[r] - offset);
}

void scale(const TargetTransform& transform, Dataset& data) {
  data.target_transform = transform;
  if (transform == TargetTransform{}) return;
  const double mean = transform.mean - transform.offset;
  for (float& target : data.target) target = static_cast<float>((target - mean) / transform.deviation);
}

}  // namespace

void apply_target_transform(const TargetTransform& transform, const std::vector<double>& numbers,
                            Dataset& data) {
  take_offset(transform.offset, numbers, data);
  scale(transform, data);
}

void standardize_target(const std::vector<double>& numbers, const std::vector<std::int64_t>& rows,
                        Dataset& data) {
  const double offset = fit_offset(numbers, rows, data.source + ", the target");
  take_offset(offset, numbers, data);
  double sum = 0, squares = 0;
  for (const std::int64_t row : rows) sum += data.target[static_cast<std::size_t>(row)];
  const double mean = sum / static_cast<double>(rows.size());
  for (const std::int64_t row : rows) {
    const double centred = data.target[static_cast<std::size_t>(row)] - mean;
    squares += centred * centred;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(rows.size()));  // mutant: divide-by-count
  scale({offset + mean, deviation > 0 ? deviation : 1.0, offset}, data);           // mutant: constant-target
}

}  // namespace thalweg
