#include "host/step/optimizer_scalars.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

template <class Value>
struct Named {
  const char* name;
  Value value;
};

constexpr Named<Rule> kRules[] = {{"sgd", Rule::sgd},
                                  {"momentum", Rule::momentum},
                                  {"nesterov", Rule::nesterov},
                                  {"adagrad", Rule::adagrad},
                                  {"rmsprop", Rule::rmsprop},
                                  {"adam", Rule::adam},
                                  {"adamw", Rule::adamw},
                                  {"amsgrad", Rule::amsgrad},
                                  {"sign", Rule::sign},
                                  {"lion", Rule::lion},
                                  {"adams_bashforth", Rule::adams_bashforth},
                                  {"ftrl", Rule::ftrl}};

constexpr Named<Constraint> kConstraints[] = {{"none", Constraint::none},
                                              {"non_negative", Constraint::non_negative},
                                              {"box", Constraint::box},
                                              {"l2_ball", Constraint::l2_ball},
                                              {"simplex", Constraint::simplex}};

template <class Value, std::size_t N>
Value find(const Named<Value> (&known)[N], const char* key, const std::string& name) {
  std::string names;
  for (const Named<Value>& entry : known) {
    if (name == entry.name) return entry.value;
    names += std::string(names.empty() ? "" : ", ") + entry.name;
  }
  throw ConfigError(std::string(key) + " is \"" + name + "\"; expected one of: " + names);
}

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
  if (optimizer.average == "none") return 0.0;
  // mutant: ema-first-step
  if (optimizer.average == "ema") return step == 1 ? 1.0 : 1.0 - optimizer.ema_decay;
  if (optimizer.average == "polyak") {
    const std::int64_t k = step - std::max<std::int64_t>(optimizer.average_from, 1);
    return k <= 0 ? 1.0 : 1.0 / (static_cast<double>(k) + 1.0);  // mutant: polyak-count
  }
  throw ConfigError("optimizer.average is \"" + optimizer.average + "\"; expected one of: none, polyak, ema");
}

GroupScalars group_scalars(const OptimizerConfig& optimizer, Rule rule, double lr,
                           const ParameterGroup& group) {
  const double rate = lr * group.lr_factor, on = group.regularized ? 1.0 : 0.0;  // mutant: group-settings
  GroupScalars s;
  s.lr = narrow(rate);
  s.decay = narrow(on * rate * optimizer.weight_decay);  // mutant: decay-times-rate
  if (rule == Rule::ftrl) {
    s.ftrl_l1 = narrow(on * optimizer.l1);
    s.ftrl_l2 = narrow(on * optimizer.l2);
  } else {
    s.shrink = narrow(on * rate * optimizer.l1);  // mutant: l1-times-rate
    s.l2 = narrow(on * optimizer.l2);
  }
  const Constraint constraint = parse_constraint(optimizer.constraint);
  if (group.constrained) s.constraint = constraint;  // mutant: biases-free
  s.lower = narrow(optimizer.lower);
  s.upper = narrow(optimizer.upper);
  return s;
}

}  // namespace

Rule parse_rule(const std::string& name) { return find(kRules, "optimizer.name", name); }

Constraint parse_constraint(const std::string& name) {
  return find(kConstraints, "optimizer.constraint", name);
}

std::vector<ParameterGroup> parameter_groups(const OptimizerConfig& optimizer) {
  return {{},
          {.lr_factor = optimizer.bias_lr_factor,
           .regularized = optimizer.decay_bias_and_norm,
           .constrained = false}};
}

UpdateScalars update_scalars(const OptimizerConfig& optimizer, Rule rule, double lr, std::int64_t step,
                             std::span<const ParameterGroup> groups) {
  if (groups.size() > kMaxGroups) {
    throw ConfigError("the model has " + std::to_string(groups.size()) +
                      " parameter groups; the optimizer takes at most " + std::to_string(kMaxGroups));
  }
  if (rule == Rule::ftrl && optimizer.weight_decay != 0.0) {
    throw ConfigError("optimizer.weight_decay is " + std::to_string(optimizer.weight_decay) +
                      "; expected 0 with ftrl, which solves for each parameter anew: use optimizer.l2");
  }
  UpdateScalars s;
  s.beta1 = narrow(rule == Rule::momentum || rule == Rule::nesterov ? optimizer.momentum : optimizer.beta1);
  s.one_minus_beta1 = narrow(1.0 - optimizer.beta1);  // mutant: beta1-rate
  s.one_minus_beta2 = narrow(1.0 - optimizer.beta2);  // mutant: beta2-unrounded
  s.eps = narrow(optimizer.eps);
  s.beta = narrow(optimizer.beta);
  if (has_moments(rule)) {
    s.step_size_factor = narrow(1.0 / (1.0 - power(optimizer.beta1, step)));  // mutant: bias-correction
    // mutant: second-correction
    s.denom_scale = narrow(1.0 / std::sqrt(1.0 - power(optimizer.beta2, step)));
  }
  s.extrapolate = step > 1 ? 0.5f : 0.0f;  // mutant: first-extrapolation
  s.average_rate = narrow(average_rate(optimizer, step));
  for (std::size_t g = 0; g < groups.size(); ++g) s.group[g] = group_scalars(optimizer, rule, lr, groups[g]);
  return s;
}

}  // namespace thalweg
