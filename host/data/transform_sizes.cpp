#include "host/data/transform_sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

template <class T>
bool all_finite(const std::vector<T>& values) {
  return std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
}

bool imputes_known_categories(const FeatureTransform& t) {
  for (std::size_t c = 0; c < t.impute.size() && !t.categories.empty(); ++c) {
    const auto count = static_cast<float>(t.categories[c].size());
    if (count > 0 && !(t.impute[c] >= 0 && t.impute[c] < count)) return false;
  }
  return true;
}

}  // namespace

std::string transform_problem(const FeatureTransform& t, std::int64_t feature_count) {
  const auto features = static_cast<std::size_t>(feature_count);
  if (t.scale.size() != t.shift.size() || (!t.scale.empty() && t.scale.size() != features))
    return fmt::format("{} scales and {} shifts for {} features", t.scale.size(), t.shift.size(), features);
  std::size_t inputs = t.categories.empty() ? features : 0;
  for (const auto& categories : t.categories) inputs += std::max<std::size_t>(1, categories.size());
  if (inputs != features) return fmt::format("columns that make {} of {} features", inputs, features);
  const std::size_t columns = !t.hashed_texts.empty() ? t.hashed_texts.size()
                              : t.categories.empty()  ? features
                                                      : t.categories.size();
  if (!t.columns.empty() && t.columns.size() != columns) return "a wrong number of column names";
  if (!t.names.empty() && t.names.size() != features) return "a wrong number of feature names";
  if (!t.impute.empty() && t.impute.size() != columns) return "a wrong number of imputed values";
  if (!t.offset.empty() && t.offset.size() != columns) return "a wrong number of offsets";
  if (!all_finite(t.offset)) return "an offset that is not finite";
  if (!imputes_known_categories(t)) return "an imputed category that is not there";
  const bool finite = all_finite(t.impute) && all_finite(t.scale) && all_finite(t.shift);
  return finite ? "" : "a value that is not finite";
}

std::string transform_problem(const TargetTransform& t) {
  const bool usable = std::isfinite(t.mean) && std::isfinite(t.offset) && t.deviation > 0;
  return usable ? "" : "a target deviation that is not positive";
}

}  // namespace thalweg
