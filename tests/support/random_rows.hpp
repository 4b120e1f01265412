#pragma once
// Rows of every kind with values drawn at random.
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::test {

/// Rows of `features` numbers, every third 0; sparse rows leave these out. `classes` 0: numbers as targets.
inline Dataset random_data(std::int64_t rows, std::int64_t features, bool sparse, int classes,
                           bool weighted) {
  std::vector<float> x = random_floats(rows * features, 11), target;
  for (std::size_t i = 0; i < x.size(); i += 3) x[i] = 0;
  for (std::int64_t n = 0; n < rows; ++n)
    target.push_back(classes > 0 ? static_cast<float>(n * 7 % classes) : x[static_cast<std::size_t>(n)] * 2);
  Dataset data = classes > 0 ? class_data(features, x, target, classes) : number_data(features, x, target);
  if (weighted) data.weight = random_floats(rows, 12, 0.5f, 1.5f);
  if (!sparse) return data;
  data.sparse = true, data.offsets = {0}, data.dense_f32.clear();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] != 0) {
      data.columns.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(i) % features));
      data.values.push_back(x[i]);
    }
    if (static_cast<std::int64_t>(i + 1) % features == 0) data.offsets.push_back(std::ssize(data.columns));
  }
  return data;
}

}  // namespace thalweg::test
