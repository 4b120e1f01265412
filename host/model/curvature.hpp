#pragma once
// Second derivatives of the loss of a linear model with one output, in double.
#include <cstddef>
#include <utility>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// A square matrix, of which the lower triangle is used.
struct Square {
  std::size_t size;
  std::vector<double> values;
  explicit Square(std::size_t n) : size(n), values(n * n) {}
  double& at(std::size_t r, std::size_t c) { return values[r * size + c]; }
  double at(std::size_t r, std::size_t c) const { return values[r * size + c]; }
};

/// Column and value of the entries of a vector that are not 0.
using Entries = std::vector<std::pair<std::size_t, double>>;

void add_outer(Square& sum, const Entries& row, double factor);

/// Throws UnsupportedLayer for a model with hidden layers or several outputs, ConfigError for a loss without
/// curvature and for more than 2,000 coefficients.
void require_curvature(const Model& model);
/// The Hessian of the sum of the weighted losses; the bias is the last coefficient. With the errors of
/// require_curvature.
Square loss_hessian(const Model& model, const Dataset& data);

/// Cholesky's factor in place; a column that the kept ones before it explain is left out, and its pivot
/// becomes 0.
void factorize(Square& h);
/// Solves factor factor' x = b, with 0 at the coefficients left out.
std::vector<double> solve(const Square& factor, std::vector<double> x);

/// By how much a step of Newton's method would lower the mean loss of the data: for the squared loss, what is
/// left to the optimum. With the errors of loss_hessian.
double expected_fall(const Model& model, const Dataset& data);

}  // namespace thalweg
