#pragma once
// Permutation importance (Breiman, "Random forests", 2001): what a metric loses when the values of one raw
// column change places among the rows.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct ImportanceOptions {
  std::string metric;  ///< empty: accuracy, or r2
  std::int64_t repeats = 5;
  std::uint64_t seed = 1;
};

struct Importance {
  std::string column;
  double mean = 0, deviation = 0;  ///< over the repeats, of the loss in the metric; better is positive
};

struct Importances {
  std::string metric;
  double baseline = 0;  ///< of the rows as they are
  std::vector<Importance> columns;
};

/// Throws UsageError for a metric that the model does not have, DataError for one that the rows do not
/// define.
Importances permutation_importance(const Model& model, Dataset data, const std::vector<std::int64_t>& rows,
                                   const ImportanceOptions& options);

}  // namespace thalweg
