#include <cmath>
#include <limits>

#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"

namespace thalweg {
namespace {

double log_sum_exp(const float* z, std::int64_t classes) {
  double max = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = 0; k < classes; ++k) max = std::fmax(max, z[k]);
  double sum = 0.0;
  for (std::int64_t k = 0; k < classes; ++k) sum += std::exp(z[k] - max);
  return max + std::log(sum);
}

/// q_k; NaN for every k if the target is not a class.
double share(double target, std::int64_t k, std::int64_t classes, double smoothing) {
  const bool is_class = target >= 0 && target < static_cast<double>(classes) && target == std::floor(target);
  if (!is_class) return std::numeric_limits<double>::quiet_NaN();
  const double own = target == static_cast<double>(k) ? 1 - smoothing : 0.0;
  return own + smoothing / static_cast<double>(classes);
}

void evaluate(const Device&, const SoftmaxCrossEntropyArgs& args) {
  const LossTargets& targets = args.targets;
  const std::int64_t classes = args.logits.cols;
  for (std::int64_t n = 0; n < args.logits.rows; ++n) {
    const std::int64_t row = targets.ids ? targets.ids[n] : n;
    const double weight = targets.weight ? double{targets.weight[row]} : 1.0;
    const float* z = args.logits.row(n);
    const double log_sum = log_sum_exp(z, classes);
    double loss = 0.0;
    for (std::int64_t k = 0; k < classes; ++k) {
      const double q = share(targets.target[row], k, classes, args.label_smoothing);
      if (q != 0) loss += q * (log_sum - z[k]);
      if (args.grad_logits.data)
        args.grad_logits.row(n)[k] =
            static_cast<float>(weight * double{loss_scale(targets)} * (std::exp(z[k] - log_sum) - q));
    }
    args.losses[n] = static_cast<float>(weight * loss);
  }
}

void softmax(const Device&, const SoftmaxArgs& args) {
  for (std::int64_t n = 0; n < args.logits.rows; ++n) {
    const double log_sum = log_sum_exp(args.logits.row(n), args.logits.cols);
    for (std::int64_t k = 0; k < args.logits.cols; ++k)
      args.probabilities.row(n)[k] = static_cast<float>(std::exp(args.logits.row(n)[k] - log_sum));
  }
}

}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_reference;
const SoftmaxCrossEntropyOps softmax_cross_entropy_reference{.evaluate = &evaluate, .softmax = &softmax};
}  // namespace thalweg
