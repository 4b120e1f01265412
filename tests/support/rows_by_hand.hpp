#pragma once
// A few good rows of each kind, to be spoilt, and a model for them.
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::test {

/// Four rows of two numbers.
inline Dataset numbers() { return number_data(2, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4}); }
inline Dataset labels() { return class_data(2, {1, 2, 3, 4, 5, 6, 7, 8}, {0, 1, 1, 0}, 2); }

/// Three rows of four features with 2, 0 and 1 entries.
inline Dataset sparse_rows() {
  Dataset data = class_data(4, {}, {0, 1, 1}, 2);
  data.rows = 3, data.sparse = true;
  data.offsets = {0, 2, 2, 3}, data.columns = {0, 3, 1}, data.values = {1, 2, 3};
  return data;
}

inline Model model_for(const Dataset& data, const ModelConfig& config = {}) {
  return {context_of("cpu"), resolve_model(config, schema_of(data), 1)};
}

}  // namespace thalweg::test
