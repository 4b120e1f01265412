#include "host/step/optimizer_scalars.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// base^exponent by squaring: multiplications alone, so that it is the same on every machine.
double power(double base, std::int64_t exponent) {
  double result = 1.0;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2 == 1) result *= base;
  return result;
}

float narrow(double x) { return static_cast<float>(x); }

bool has_moments(Rule rule) { return rule == Rule::adam || rule == Rule::adamw || rule == Rule::amsgrad; }

/// polyak: the mean of the parameters after step average_from and later ones; until then the parameters
/// themselves. ema: an exponential average that begins as the parameters after the first step.
double average_rate(const OptimizerConfig& optimizer, std::int64_t step) {
  switch (optimizer.average) {
    case Averaging::none:
      return 0.0;
    case Averaging::ema:
      return step == 1 ? 1.0 : 1.0 - optimizer.ema_decay;  // mutant: ema-first-step
    case Averaging::polyak: {
      const std::int64_t k = step - std::max<std::int64_t>(optimizer.average_from, 1);
      return k <= 0 ? 1.0 : 1.0 / (static_cast<double>(k) + 1.0);  // mutant: polyak-count
    }
  }
  throw InternalError("an average without a rate");
}

/// What a gradient that lasts moves a parameter by, in learning rates: 1 + momentum + momentum^2 + ...
double lasting_rate(const OptimizerConfig& optimizer) {
  const bool sums = optimizer.name == Rule::momentum || optimizer.name == Rule::nesterov;
  return sums ? 1.0 / (1.0 - optimizer.momentum) : 1.0;  // mutant: l1-of-momentum
}

GroupScalars group_scalars(const OptimizerConfig& optimizer, double lr, const ParameterGroup& group) {
  const double rate = lr * group.lr_factor, on = group.regularized ? 1.0 : 0.0;  // mutant: group-settings
  GroupScalars s;
  s.lr = narrow(rate);
  s.decay = narrow(on * rate * optimizer.plain_decay());  // mutant: decay-times-rate
  if (optimizer.name == Rule::ftrl) {
    s.ftrl_l1 = narrow(on * optimizer.l1);
    s.ftrl_l2 = narrow(on * optimizer.l2);
  } else {
    s.shrink = narrow(on * rate * lasting_rate(optimizer) * optimizer.l1);  // mutant: l1-times-rate
    s.l2 = narrow(on * optimizer.l2);
  }
  if (group.constrained) s.constraint = optimizer.constraint;  // mutant: biases-free
  s.lower = narrow(optimizer.lower);
  s.upper = narrow(optimizer.upper);
  return s;
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(const OptimizerConfig& optimizer) {
  return {{},
          {.lr_factor = optimizer.bias_lr_factor,
           .regularized = optimizer.decay_bias_and_norm,
           .constrained = false}};
}

UpdateScalars update_scalars(const OptimizerConfig& optimizer, double lr, std::int64_t step,
                             std::span<const ParameterGroup> groups) {
  if (groups.size() > kMaxGroups) {
    throw ConfigError("the model has " + std::to_string(groups.size()) +
                      " parameter groups; the optimizer takes at most " + std::to_string(kMaxGroups));
  }
  const Rule rule = optimizer.name;
  UpdateScalars s;
  s.beta1 = narrow(rule == Rule::momentum || rule == Rule::nesterov ? optimizer.momentum : optimizer.beta1);
  s.one_minus_beta1 = narrow(1.0 - optimizer.beta1);           // mutant: beta1-rate
  s.one_minus_beta2 = narrow(1.0 - optimizer.second_decay());  // mutant: beta2-unrounded
  s.eps = narrow(optimizer.eps);
  s.beta = narrow(optimizer.beta);
  if (has_moments(rule)) {
    s.step_size_factor = narrow(1.0 / (1.0 - power(optimizer.beta1, step)));  // mutant: bias-correction
    // mutant: second-correction
    s.denom_scale = narrow(1.0 / std::sqrt(1.0 - power(optimizer.second_decay(), step)));
  }
  s.extrapolate = step > 1 ? 0.5f : 0.0f;  // mutant: first-extrapolation
  s.average_rate = narrow(average_rate(optimizer, step));
  for (std::size_t g = 0; g < groups.size(); ++g) s.group[g] = group_scalars(optimizer, lr, groups[g]);
  return s;
}

}  // namespace thalweg
