#include "host/data/column_means.hpp"

#include <cmath>

namespace thalweg {

void ColumnMeans::add(const float* row) {
  for (std::size_t c = 0; c < sums_.size(); ++c) {
    if (std::isnan(row[c])) continue;
    sums_[c] += row[c];
    ++counts_[c];
  }
}

std::vector<float> ColumnMeans::all() const {
  std::vector<float> means;
  for (std::size_t c = 0; c < sums_.size(); ++c)
    means.push_back(static_cast<float>(sums_[c] / static_cast<double>(counts_[c])));
  return means;
}

}  // namespace thalweg
