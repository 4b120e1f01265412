#include "host/model/curvature.hpp"

#include <cmath>
#include <string>

#include "host/config/choice.hpp"
#include "host/data/block_reader.hpp"
#include "host/data/dataset_rows.hpp"
#include "host/model/inference.hpp"
#include "host/model/network.hpp"
#include "host/runtime/lane.hpp"
#include "kernels/base/loss.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostCoefficients = 2000;
/// smallest part of a diagonal element that the other columns may leave unexplained
constexpr double kAliased = 1e-9;

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

std::size_t checked_size(const Model& model) {
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

void add_outer(Square& sum, const Entries& row, double factor) {
  for (const auto& [r, x] : row) {
    for (const auto& [c, y] : row) {
      if (c <= r) sum.at(r, c) += factor * x * y;
    }
  }
}

void require_curvature(const Model& model) {
  checked_size(model);
  curvature_of(model.spec().config.loss);
}

Square loss_hessian(const Model& model, const Dataset& data) {
  Square sum(checked_size(model));
  const Lane lane(model.context());
  Network& network = model.network();
  const auto curvature = curvature_of(network.spec().config.loss);
  const double parameter = std::get<LossSpec>(network.objective()).parameter;
  const std::vector<float> outputs = infer(model.context(), network, data);
  Entries row;
  const auto add_row = [&](const Dataset& holder, std::int64_t at, std::int64_t n) {
    const auto i = static_cast<std::size_t>(n);
    const double weight = weight_of(data, i);
    read_row(holder, at, network.has_bias(), row);
    add_outer(sum, row,
              weight * curvature(outputs[i], data.target[i], parameter));  // mutant: hessian-weighted
  };
  for_each_row(data, nullptr, MissingValues::refused, add_row);
  return sum;
}

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

double expected_fall(const Model& model, const Dataset& data) {
  Square hessian = loss_hessian(model, data);
  std::vector<double> gradient(hessian.size);
  for_each_gradient_block(model, data, nullptr, [&](std::int64_t, ConstMatrix block) {
    for (std::int64_t n = 0; n < block.rows; ++n)
      for (std::int64_t c = 0; c < block.cols; ++c)
        gradient[static_cast<std::size_t>(c)] += double{block.row(n)[c]};
  });
  factorize(hessian);
  const std::vector<double> step = solve(hessian, gradient);
  double twice = 0;
  for (std::size_t c = 0; c < step.size(); ++c) twice += step[c] * gradient[c];
  return twice / 2 / static_cast<double>(data.rows);
}

}  // namespace thalweg
