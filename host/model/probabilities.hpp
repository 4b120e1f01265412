#pragma once
// From the outputs of a row to probabilities and classes, on the host.
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace thalweg {

/// Softmax of K outputs, in double.
template <class Real>
void softmax(const float* z, std::int64_t k, Real* probability) {
  const double largest = *std::max_element(z, z + k);  // mutant: softmax-shifted
  double sum = 0;
  for (std::int64_t c = 0; c < k; ++c) sum += std::exp(z[c] - largest);
  for (std::int64_t c = 0; c < k; ++c) probability[c] = static_cast<Real>(std::exp(z[c] - largest) / sum);
}

/// The probability of class 1 from its score.
inline double logistic(double score) { return 1.0 / (1.0 + std::exp(-score)); }

/// The class of a row at a threshold: `probability` is that of class 1, as predictions have it.
inline std::int64_t class_at(double threshold, float probability) {
  return double{probability} >= threshold ? 1 : 0;  // mutant: at-least-the-threshold
}

}  // namespace thalweg
