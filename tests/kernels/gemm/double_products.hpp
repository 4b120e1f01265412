#pragma once
// The products of a linear layer in double, with the error bound of sums in float.
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/kernels/linear_test_problem.hpp"

namespace thalweg::test {

/// |got - want| <= gamma * sum of |terms|, want and that sum in double.
struct Products {
  std::vector<double> want, bound;

  template <class Term>
  void add(std::int64_t terms, const Term& term) {
    double sum = 0, magnitude = 0;
    for (std::int64_t k = 0; k < terms; ++k) {
      sum += term(k);
      magnitude += std::abs(term(k));
    }
    want.push_back(sum);
    bound.push_back(gamma_bound(terms + 1) * magnitude);
  }
};

inline Products double_forward(const Problem& p) {
  const Shape& s = p.shape;
  Products all;
  for (std::int64_t n = 0; n < s.samples; ++n)
    for (std::int64_t o = 0; o < s.outputs; ++o)
      all.add(s.features + 1, [&](std::int64_t i) {
        return i < s.features ? double{p.x[at(n * s.features + i)]} * p.weight[at(o * s.features + i)]
                              : double{p.bias[at(o)]};
      });
  return all;
}

inline Products double_input_grad(const Problem& p) {
  const Shape& s = p.shape;
  Products all;
  for (std::int64_t n = 0; n < s.samples; ++n)
    for (std::int64_t i = 0; i < s.features; ++i)
      all.add(s.outputs, [&](std::int64_t o) {
        return double{p.grad[at(n * s.outputs + o)]} * p.weight[at(o * s.features + i)];
      });
  return all;
}

/// The weights' gradient, then that of the bias.
inline Products double_parameter_grad(const Problem& p) {
  const Shape& s = p.shape;
  Products all;
  for (std::int64_t o = 0; o < s.outputs; ++o)
    for (std::int64_t i = 0; i < s.features; ++i)
      all.add(s.samples, [&](std::int64_t n) {
        return double{p.grad[at(n * s.outputs + o)]} * p.x[at(n * s.features + i)];
      });
  for (std::int64_t o = 0; o < s.outputs; ++o)
    all.add(s.samples, [&](std::int64_t n) { return double{p.grad[at(n * s.outputs + o)]}; });
  return all;
}

}  // namespace thalweg::test
