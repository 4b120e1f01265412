// The sandwich estimator: H^-1 G H^-1 with H the Hessian of the summed loss and G the sum of the outer
// products of the samples' gradients, in double.
#include <cmath>
#include <limits>
#include <utility>

#include "host/model/checked_rows.hpp"
#include "host/model/curvature.hpp"
#include "host/model/input_names.hpp"
#include "host/model/model_call.hpp"
#include "host/model/raw_weights.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

Square gradient_products(const Model& model, const Dataset& data, std::size_t size) {
  Square sum(size);
  Entries row;
  for_each_gradient_block(model, data, nullptr, [&](std::int64_t, ConstMatrix block) {
    for (std::int64_t n = 0; n < block.rows; ++n) {
      row.clear();
      for (std::int64_t c = 0; c < block.cols; ++c) {
        if (block.row(n)[c] != 0) row.emplace_back(static_cast<std::size_t>(c), block.row(n)[c]);
      }
      add_outer(sum, row, 1.0);
    }
  });
  return sum;
}

/// x' g x, g symmetric in its lower triangle.
double quadratic_form(const Square& g, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t r = 0; r < g.size; ++r) {
    if (x[r] == 0) continue;
    double row = 0.5 * g.at(r, r) * x[r];
    for (std::size_t c = 0; c < r; ++c) row += g.at(r, c) * x[c];
    sum += 2 * x[r] * row;
  }
  return sum;
}

/// The sandwich of a model on its data.
class Sandwich {
 public:
  Sandwich(const Model& model, const Dataset& data) : Sandwich(model, CheckedRows(model, data, nullptr)) {}

  /// The standard error of a sum of coefficients; those left out have no part in it. NaN where all are.
  double of(const WeightSum& sum) const {
    std::vector<double> factors(factor_.size);
    bool any = false;
    for (const auto& [j, factor] : sum) {
      if (factor_.at(j, j) == 0) continue;
      factors[j] = factor;
      any = true;
    }
    if (!any) return std::numeric_limits<double>::quiet_NaN();
    return std::sqrt(quadratic_form(products_, solve(factor_, std::move(factors))));
  }

 private:
  Sandwich(const Model& model, const CheckedRows& rows)
      : factor_(loss_hessian(model, rows.data())),
        products_(gradient_products(model, rows.data(), factor_.size)) {
    factorize(factor_);
  }

  Square factor_, products_;
};

}  // namespace

std::vector<Coefficient> standard_errors(const Model& model, const Dataset& data) {
  const ReadingCall call(model, "standard_errors");
  const Sandwich sandwich(model, data);
  const DataSchema& schema = model.spec().schema;
  std::vector<Coefficient> coefficients;
  for (const NamedTensor& tensor : model.parameters()) {
    for (const float value : tensor.values) {
      const std::size_t j = coefficients.size();
      const bool bias = j == static_cast<std::size_t>(schema.features);
      coefficients.push_back({bias ? "bias" : input_name(schema, j), value, sandwich.of({{j, 1.0}})});
    }
  }
  return coefficients;
}

std::vector<RawWeight> raw_standard_errors(const Model& model, const Dataset& data) {
  const ReadingCall call(model, "standard_errors");
  const Sandwich sandwich(model, data);
  const DataSchema& schema = model.spec().schema;
  std::vector<RawWeight> weights = raw_weights(model, 0);
  for (std::size_t j = 0; j + 1 < weights.size(); ++j)
    weights[j].standard_error = sandwich.of(raw_weight_sum(schema, j));
  weights.back().standard_error = sandwich.of(raw_intercept_sum(schema, model.network().has_bias()));
  return weights;
}

}  // namespace thalweg
