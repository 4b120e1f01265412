// The sandwich estimator: H^-1 G H^-1 with H the Hessian of the summed loss and G the sum of the outer
// products of the samples' gradients, in double.
#include <cmath>
#include <limits>
#include <utility>

#include "host/config/choice.hpp"
#include "host/data/dataset_rows.hpp"
#include "host/model/checked_rows.hpp"
#include "host/model/inference.hpp"
#include "host/model/input_names.hpp"
#include "host/model/model_call.hpp"
#include "host/model/raw_weights.hpp"
#include "kernels/base/loss.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostCoefficients = 2000;
/// smallest part of a diagonal element that the other columns may leave unexplained
constexpr double kAliased = 1e-9;

/// A square matrix, of which the lower triangle is used.
struct Square {
  std::size_t size;
  std::vector<double> values;
  explicit Square(std::size_t n) : size(n), values(n * n) {}
  double& at(std::size_t r, std::size_t c) { return values[r * size + c]; }
  double at(std::size_t r, std::size_t c) const { return values[r * size + c]; }
};

using Entries = std::vector<std::pair<std::size_t, double>>;

void add_outer(Square& sum, const Entries& row, double factor) {
  for (const auto& [r, x] : row) {
    for (const auto& [c, y] : row) {
      if (c <= r) sum.at(r, c) += factor * x * y;
    }
  }
}

/// Reads the factor of each coefficient in row n; the last one is the bias's 1.
void read_row(const Dataset& data, std::int64_t n, bool bias, Entries& row) {
  row.clear();
  for_each_input(data, n, [&](std::size_t input, double value) { row.emplace_back(input, value); });
  if (bias) row.emplace_back(static_cast<std::size_t>(data.features), 1.0);
}

/// Throws ConfigError for a loss without curvature.
auto curvature_of(Loss loss) {
  if (const auto curvature = traits_of(loss).curvature) return curvature;
  std::vector<std::string> curved;
  for (const auto& [known, name] : kNames<Loss>) {
    if (traits_of(known).curvature != nullptr) curved.emplace_back(name);
  }
  throw ConfigError("standard errors need a loss with curvature, " + one_of(curved));
}

Square hessian(const Context& ctx, Network& network, const Dataset& data, std::size_t size) {
  const auto curvature = curvature_of(network.spec().config.loss);
  const double parameter = std::get<LossSpec>(network.objective()).parameter;
  const std::vector<float> outputs = infer(ctx, network, data);
  Square sum(size);
  Entries row;
  for (std::int64_t n = 0; n < data.rows; ++n) {
    const auto i = static_cast<std::size_t>(n);
    const double weight = weight_of(data, i);
    read_row(data, n, network.has_bias(), row);
    add_outer(sum, row,
              weight * curvature(outputs[i], data.target[i], parameter));  // mutant: hessian-weighted
  }
  return sum;
}

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

/// Cholesky's factor in place; a column that the kept ones before it explain is left
/// out, and its pivot becomes 0.
void factorize(Square& h) {
  for (std::size_t c = 0; c < h.size; ++c) {
    const double before = h.at(c, c);
    double pivot = before;
    for (std::size_t k = 0; k < c; ++k) pivot -= h.at(c, k) * h.at(c, k);
    const bool kept = pivot > kAliased * before;  // mutant: collinear-dropped
    h.at(c, c) = kept ? std::sqrt(pivot) : 0.0;
    for (std::size_t r = c + 1; r < h.size; ++r) {
      double sum = h.at(r, c);
      for (std::size_t k = 0; k < c; ++k) sum -= h.at(r, k) * h.at(c, k);
      h.at(r, c) = kept ? sum / h.at(c, c) : 0.0;
    }
  }
}

/// Solves factor factor' x = b, with 0 at the coefficients left out.
std::vector<double> solve(const Square& factor, std::vector<double> x) {
  for (std::size_t r = 0; r < factor.size; ++r) {
    if (factor.at(r, r) == 0) {
      x[r] = 0;
      continue;
    }
    for (std::size_t k = 0; k < r; ++k) x[r] -= factor.at(r, k) * x[k];
    x[r] /= factor.at(r, r);
  }
  for (std::size_t r = factor.size; r-- > 0;) {
    if (factor.at(r, r) == 0) continue;
    for (std::size_t k = r + 1; k < factor.size; ++k) x[r] -= factor.at(k, r) * x[k];
    x[r] /= factor.at(r, r);
  }
  return x;
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
      : factor_(hessian(model.context(), model.network(), rows.data(), checked_size(model))),
        products_(gradient_products(model, rows.data(), factor_.size)) {
    factorize(factor_);
  }
  static std::size_t checked_size(const Model& model);

  Square factor_, products_;
};

std::size_t Sandwich::checked_size(const Model& model) {
  const Network& network = model.network();
  if (!network.is_single_output_linear()) {
    throw UnsupportedLayer("standard errors are those of a linear model with one output; this one has " +
                           std::to_string(network.spec().config.hidden.size()) + " hidden layers and " +
                           std::to_string(network.spec().outputs) + " outputs");
  }
  const std::int64_t count = parameter_count(model);
  if (count > kMostCoefficients) {
    throw ConfigError("standard errors of " + std::to_string(count) + " coefficients; the most is " +
                      std::to_string(kMostCoefficients));
  }
  return static_cast<std::size_t>(count);
}

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
