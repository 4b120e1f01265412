#include "host/model/target_sums.hpp"

#include <algorithm>

#include "host/data/dataset_rows.hpp"

namespace thalweg {

Targets targets_of(const PlacedRows& rows) {
  const Dataset& data = rows.host();
  const auto each = [&](auto body) {
    for (std::int64_t n = 0; n < rows.count(); ++n) {
      const std::size_t row = rows.row(n);
      body(weight_of(data, row), double{data.target[row]});
    }
  };
  Targets targets;
  double mean = 0;
  each([&](double weight, double target) {
    targets.weight += weight;
    if (weight <= 0) return;
    ++targets.rows;
    targets.least = std::min(targets.least, target);
    targets.most = std::max(targets.most, target);
  });
  // mutant: r2-mean-weighted
  each([&](double weight, double target) { mean += weight * target / targets.weight; });
  each([&](double weight, double target) {
    targets.squared_deviation += weight * (target - mean) * (target - mean);
  });
  return targets;
}

}  // namespace thalweg
