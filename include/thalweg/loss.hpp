#pragma once
// Losses: their names, and what a model's outputs mean. Example: loss_example in examples/tour.cpp.
#include <cmath>
#include <cstdint>
#include <optional>

#include "thalweg/names.hpp"

namespace thalweg {

/// Losses of one output z and its target y, which one op evaluates.
/// squared         (z - y)^2 / 2, as scikit-learn's squared_error
/// absolute        |z - y|; derivative 0 at z == y
/// huber           r^2 / 2 for |r| <= parameter, else parameter (|r| - parameter / 2); r = z - y
/// quantile        max(parameter (y - z), (parameter - 1) (y - z)); derivative 0 at z == y
/// poisson         exp(z) - y z; z is the logarithm of the rate
/// logistic        log(1 + exp(z)) - y z, y in {0, 1}
/// hinge           max(0, 1 - s z), s = +-1; derivative 0 at the kink
/// squared_hinge   max(0, 1 - s z)^2
enum class LossKind : std::int32_t {
  squared,
  absolute,
  huber,
  quantile,
  poisson,
  logistic,
  hinge,
  squared_hinge
};

/// Losses that model.loss names: those above, softmax_cross_entropy, and the choice by the data.
enum class Loss {
  automatic,
  squared,
  absolute,
  huber,
  quantile,
  poisson,
  logistic,
  hinge,
  squared_hinge,
  softmax_cross_entropy
};
template <>
inline constexpr auto kNames<Loss> = std::to_array<Named<Loss>>({{Loss::automatic, "auto"},
                                                                 {Loss::squared, "squared"},
                                                                 {Loss::absolute, "absolute"},
                                                                 {Loss::huber, "huber"},
                                                                 {Loss::quantile, "quantile"},
                                                                 {Loss::poisson, "poisson"},
                                                                 {Loss::logistic, "logistic"},
                                                                 {Loss::hinge, "hinge"},
                                                                 {Loss::squared_hinge, "squared_hinge"},
                                                                 {Loss::softmax_cross_entropy,
                                                                  "softmax_cross_entropy"}});

/// The setting that parameterises an elementwise loss.
enum class LossParameter { none, huber_delta, quantile };

/// Second derivatives of losses by the output z; y is the target. (Functions, because nvcc compiles no lambda
/// in traits_of.)
namespace curvature {
inline double squared(double, double, double) { return 1.0; }
inline double huber(double z, double y, double delta) {
  return std::abs(z - y) <= delta ? 1.0 : 0.0;  // mutant: huber-curvature
}
inline double poisson(double z, double, double) { return std::exp(z); }
inline double logistic(double z, double, double) { return 1 / (2 + std::exp(z) + std::exp(-z)); }
inline double squared_hinge(double z, double y, double) {
  return (2 * y - 1) * z < 1 ? 2.0 : 0.0;  // mutant: hinge-curvature
}
}  // namespace curvature

struct LossTraits {
  std::optional<LossKind> elementwise = {};  ///< the op's kind; none for softmax_cross_entropy
  bool classification = false;               ///< targets are classes
  bool probabilities = false;                ///< outputs become probabilities; log_loss is defined
  bool scores = false;                       ///< outputs rank classes, but are not probabilities
  bool rates = false;                        ///< outputs are logarithms of rates; targets are counts
  LossParameter parameter = LossParameter::none;
  /// Second derivative by the output, of a loss and target as above; null: it is 0 wherever it exists.
  double (*curvature)(double output, double target, double parameter) = nullptr;
};

/// Traits of a resolved loss; those of Loss::automatic say nothing.
constexpr LossTraits traits_of(Loss loss) {
  switch (loss) {
    case Loss::automatic:
      return {};
    case Loss::squared:
      return {.elementwise = LossKind::squared, .curvature = curvature::squared};
    case Loss::absolute:
      return {.elementwise = LossKind::absolute};
    case Loss::huber:
      return {.elementwise = LossKind::huber,
              .parameter = LossParameter::huber_delta,
              .curvature = curvature::huber};
    case Loss::quantile:
      return {.elementwise = LossKind::quantile, .parameter = LossParameter::quantile};
    case Loss::poisson:
      return {.elementwise = LossKind::poisson, .rates = true, .curvature = curvature::poisson};
    case Loss::logistic:
      return {.elementwise = LossKind::logistic,
              .classification = true,
              .probabilities = true,
              .curvature = curvature::logistic};
    case Loss::hinge:
      return {.elementwise = LossKind::hinge, .classification = true, .scores = true};
    case Loss::squared_hinge:
      return {.elementwise = LossKind::squared_hinge,
              .classification = true,
              .scores = true,
              .curvature = curvature::squared_hinge};
    case Loss::softmax_cross_entropy:
      return {.classification = true, .probabilities = true};
  }
  return {};
}

}  // namespace thalweg
