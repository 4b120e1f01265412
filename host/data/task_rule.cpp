#include "host/data/task_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/number_label.hpp"

namespace thalweg {
namespace {

/// The distinct numbers in ascending order; one too many is enough to know.
std::vector<double> few_distinct(const std::vector<double>& numbers) {
  std::vector<double> distinct;
  for (const double number : numbers) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), number);
    if (at != distinct.end() && *at == number) continue;
    distinct.insert(at, number);
    if (distinct.size() > kMostAutomaticClasses) break;
  }
  return distinct;
}

bool is_whole(double number) { return number == std::floor(number); }

/// The codes that people write for two classes.
bool is_usual_pair(const std::vector<double>& distinct) {
  using Pair = std::vector<double>;
  return distinct == Pair{0, 1} || distinct == Pair{-1, 1} || distinct == Pair{1, 2};
}

}  // namespace

Task automatic_task(const LabelColumn& labels) {
  if (labels.numbers.empty()) return {TargetKind::classes, "the targets are texts"};
  if (!std::all_of(labels.numbers.begin(), labels.numbers.end(), is_whole))
    return {TargetKind::number, "the targets have fractions"};
  if (labels.are_classes) return {TargetKind::classes, "the file holds labels"};
  const std::vector<double> distinct = few_distinct(labels.numbers);
  if (is_usual_pair(distinct))
    return {TargetKind::classes, fmt::format("the targets are {} and {}", distinct[0], distinct[1])};
  // Labels beyond 2^53 may be one double, and are told apart by their texts.
  const bool exact = is_exact_in_double(distinct.front()) && is_exact_in_double(distinct.back());
  const std::size_t count = exact || labels.texts.empty() ? distinct.size() : labels.texts.size();
  if (distinct.size() > kMostAutomaticClasses)
    return {TargetKind::number,
            fmt::format("the targets are more than {} distinct whole numbers", kMostAutomaticClasses)};
  const std::size_t rows = labels.numbers.size();
  const bool few = count <= kMostAutomaticClasses && count > 1 && rows >= kLeastRowsPerClass * count;
  return {few ? TargetKind::classes : TargetKind::number,
          fmt::format("the targets are {} distinct whole number{} in {} rows", count, count == 1 ? "" : "s",
                      rows)};
}

}  // namespace thalweg
