#include "host/data/target_transform.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/data/precise.hpp"
#include "host/data/text.hpp"

namespace thalweg {

namespace {

/// float32 targets less their offset, which is taken off in double.
void take_offset(double offset, const std::vector<double>& numbers, Dataset& data) {
  if (offset == 0) return;
  for (std::size_t r = 0; r < data.target.size(); ++r)
    data.target[r] = static_cast<float>(numbers[r] - offset);
}

float scaled(const TargetTransform& transform, float less_offset) {
  const double mean = transform.mean - transform.offset;
  return static_cast<float>((less_offset - mean) / transform.deviation);
}

void scale(const TargetTransform& transform, Dataset& data) {
  data.target_transform = transform;
  if (transform == TargetTransform{}) return;
  for (float& target : data.target) target = scaled(transform, target);
}

}  // namespace

void apply_target_transform(const TargetTransform& transform, const std::vector<double>& numbers,
                            Dataset& data) {
  take_offset(transform.offset, numbers, data);
  scale(transform, data);
}

double raw_target(const TargetTransform& transform, float stored) {
  constexpr int kMostDigits = 17;
  const double about = stored * transform.deviation + transform.mean;
  for (int digits = 1; digits < kMostDigits; ++digits) {
    double number = about;
    parse_number(fmt::format("{:.{}g}", about, digits), number);
    if (scaled(transform, static_cast<float>(number - transform.offset)) == stored) return number;
  }
  return about;
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
