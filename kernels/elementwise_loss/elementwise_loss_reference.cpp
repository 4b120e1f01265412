#include <cmath>

#include "kernels/elementwise_loss/elementwise_loss.hpp"

namespace thalweg {
namespace {

struct Point {
  double loss, slope;
};

double sign(double r) { return r > 0 ? 1.0 : r < 0 ? -1.0 : r; }

/// Huber, "Robust estimation of a location parameter", 1964.
Point huber(double r, double delta) {
  if (std::abs(r) > delta) return {delta * (std::abs(r) - delta / 2), delta * sign(r)};
  return {r * r / 2, r};
}

/// Koenker and Bassett, "Regression quantiles", 1978.
Point quantile(double r, double level) {
  if (r > 0) return {(1 - level) * r, 1 - level};
  if (r < 0) return {-level * r, -level};
  return {r, r};  // 0, or NaN
}

double log_one_plus_exp(double z) { return (z > 0 ? z : 0.0) + std::log1p(std::exp(-std::abs(z))); }

/// Minus the log likelihood of class 1 with probability y, under 1 / (1 + exp(-z)).
Point logistic(double z, double y) {
  return {y * log_one_plus_exp(-z) + (1 - y) * log_one_plus_exp(z),
          (1 - y) / (1 + std::exp(-z)) - y / (1 + std::exp(z))};
}

/// Cortes and Vapnik, "Support-vector networks", 1995.
Point hinge(double z, double s) {
  if (1 - s * z <= 0) return {0.0, 0.0};
  return {1 - s * z, std::isnan(z) ? z : -s};
}

Point point(const LossSpec& spec, double z, double y) {
  const double parameter = spec.parameter;
  switch (spec.kind) {
    case LossKind::squared:
      return {(z - y) * (z - y) / 2, z - y};
    case LossKind::absolute:
      return {std::abs(z - y), sign(z - y)};
    case LossKind::huber:
      return huber(z - y, parameter);
    case LossKind::quantile:
      return quantile(z - y, parameter);
    case LossKind::poisson:
      return {std::exp(z) - y * z, std::exp(z) - y};
    case LossKind::logistic:
      return logistic(z, y);
    case LossKind::hinge:
      return hinge(z, y);
    case LossKind::squared_hinge:
      break;
  }
  const Point h = hinge(z, y);
  return {h.loss * h.loss, 2 * h.loss * h.slope};
}

/// The target of output k of K.
double held_against(LossKind kind, double target, std::int64_t k, std::int64_t outputs) {
  if (kind != LossKind::hinge && kind != LossKind::squared_hinge) return target;
  const double own_class = outputs == 1 ? 1.0 : static_cast<double>(k);
  return target == own_class ? 1.0 : -1.0;
}

void evaluate(const Device&, const ElementwiseLossArgs& args) {
  const LossTargets& targets = args.targets;
  for (std::int64_t n = 0; n < args.output.rows; ++n) {
    const std::int64_t row = targets.ids ? targets.ids[n] : n;
    const double weight = targets.weight ? double{targets.weight[row]} : 1.0;
    double sum = 0.0;
    for (std::int64_t k = 0; k < args.output.cols; ++k) {
      const double y = held_against(args.loss.kind, targets.target[row], k, args.output.cols);
      const Point at = point(args.loss, args.output.row(n)[k], y);
      sum += at.loss;
      if (args.grad_output.data)
        args.grad_output.row(n)[k] = static_cast<float>(weight * double{loss_scale(targets)} * at.slope);
    }
    args.losses[n] = static_cast<float>(weight * sum);
  }
}

}  // namespace

extern const ElementwiseLossOps elementwise_loss_reference;
const ElementwiseLossOps elementwise_loss_reference{.evaluate = &evaluate};
}  // namespace thalweg
