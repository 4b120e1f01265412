// The update in double, one element at a time, as the papers and PyTorch's documentation write the formulae.
// The arenas are floats, so each step rounds what it stores.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "kernels/update/record_reference.hpp"

namespace thalweg {
namespace {

struct Element {
  double param;
  double state[kMaxStates];
};

/// Steps, and returns what the rule divides the gradient by: L1 is divided by it, too.
using RuleFunction = double (*)(Element&, double g, const UpdateScalars&, const GroupScalars&);

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

double mix(double average, double rate, double x) { return (1 - rate) * average + rate * x; }

double sgd(Element& e, double g, const UpdateScalars&, const GroupScalars& group) {
  e.param -= group.lr * g;
  return 1;
}

double momentum(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] = s.beta1 * e.state[0] + g;
  e.param -= group.lr * e.state[0];
  return 1;
}

double nesterov(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] = s.beta1 * e.state[0] + g;
  e.param -= group.lr * (g + s.beta1 * e.state[0]);
  return 1;
}

double adagrad(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] += g * g;
  const double divisor = std::sqrt(e.state[0]) + s.eps;
  e.param -= group.lr * g / divisor;
  return divisor;
}

double rmsprop(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] = mix(e.state[0], s.one_minus_beta2, g * g);
  const double divisor = std::sqrt(e.state[0]) + s.eps;
  e.param -= group.lr * g / divisor;
  return divisor;
}

double adam(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] = mix(e.state[0], s.one_minus_beta1, g);
  e.state[1] = mix(e.state[1], s.one_minus_beta2, g * g);
  const double step_size = static_cast<double>(group.lr) * s.step_size_factor;
  const double divisor = std::sqrt(e.state[1]) * s.denom_scale + s.eps;
  e.param -= step_size * e.state[0] / divisor;
  return divisor;
}

double amsgrad(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.state[0] = mix(e.state[0], s.one_minus_beta1, g);
  e.state[1] = mix(e.state[1], s.one_minus_beta2, g * g);
  e.state[2] = std::max(e.state[2], e.state[1]);
  const double step_size = static_cast<double>(group.lr) * s.step_size_factor;
  const double divisor = std::sqrt(e.state[2]) * s.denom_scale + s.eps;
  e.param -= step_size * e.state[0] / divisor;
  return divisor;
}

double sign_descent(Element& e, double g, const UpdateScalars&, const GroupScalars& group) {
  e.param -= group.lr * sign(g);
  return 1;
}

double lion(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.param -= group.lr * sign(mix(e.state[0], s.one_minus_beta1, g));
  e.state[0] = mix(e.state[0], s.one_minus_beta2, g);
  return 1;
}

double adams_bashforth(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  e.param -= group.lr * ((1 + s.extrapolate) * g - s.extrapolate * e.state[0]);
  e.state[0] = g;
  return 1;
}

double ftrl(Element& e, double g, const UpdateScalars& s, const GroupScalars& group) {
  if (!(group.lr > 0)) return 1;
  double& z = e.state[0];
  double& n = e.state[1];
  const double alpha = group.lr;
  z += g - (std::sqrt(n + g * g) - std::sqrt(n)) / alpha * e.param;
  n += g * g;
  const double penalty = (s.beta + std::sqrt(n)) / alpha + group.ftrl_l2;
  e.param = std::abs(z) <= group.ftrl_l1 ? 0.0 : -(z - sign(z) * group.ftrl_l1) / penalty;
  return 1;
}

RuleFunction function_of(Rule rule) {
  switch (rule) {
    case Rule::sgd:
      return sgd;
    case Rule::momentum:
      return momentum;
    case Rule::nesterov:
      return nesterov;
    case Rule::adagrad:
      return adagrad;
    case Rule::rmsprop:
      return rmsprop;
    case Rule::adam:
    case Rule::adamw:
      return adam;
    case Rule::amsgrad:
      return amsgrad;
    case Rule::sign:
      return sign_descent;
    case Rule::lion:
      return lion;
    case Rule::adams_bashforth:
      return adams_bashforth;
    case Rule::ftrl:
      return ftrl;
  }
  return sgd;
}

double regularize_and_constrain(double w, double threshold, const GroupScalars& group) {
  if (threshold > 0) w = std::abs(w) <= threshold ? 0.0 : w - sign(w) * threshold;
  if (group.constraint == Constraint::non_negative && w < 0) w = 0;
  if (group.constraint == Constraint::box) {
    if (w < group.lower) w = group.lower;
    if (w > group.upper) w = group.upper;
  }
  return w;
}

/// Calls visit(arena index) for the elements of one segment that are to be used.
template <class Visit>
void each_element(const UpdateSegment& segment, const TouchedElements& touched, Visit visit) {
  if (touched.features == nullptr) {
    for (std::int64_t i = 0; i < segment.used; ++i) visit(segment.offset + i);
    return;
  }
  for (std::int64_t o = 0; o < touched.outputs; ++o)
    for (std::int64_t t = 0; t < *touched.count; ++t)
      visit(touched.offset + o * touched.in_features + touched.features[t]);
}

float averaged(float average, double rate, float param) {
  return static_cast<float>(rate == 1 ? param : mix(average, rate, param));
}

bool refused(const float* squared_norm) { return squared_norm != nullptr && !std::isfinite(*squared_norm); }

void step(const Device&, const UpdateArgs& args) {
  if (refused(args.squared_norm)) return;
  const RuleFunction rule = function_of(args.rule);
  const double scale = args.grad_scale != nullptr ? *args.grad_scale : 1.0;
  const double rate = args.scalars->average_rate;
  for (int k = 0; k < args.segment_count; ++k) {
    const GroupScalars& group = args.scalars->group[args.segments[k].group];
    each_element(args.segments[k], args.touched, [&](std::int64_t i) {
      const double before = args.param[i];
      const double g = scale * args.grad[i] + group.l2 * before;
      Element e{before - group.decay * before, {}};
      for (int j = 0; j < state_count(args.rule); ++j) e.state[j] = args.state[j][i];
      const double divisor = rule(e, g, *args.scalars, group);
      const double threshold = group.shrink > 0 ? group.shrink / divisor : 0.0;
      for (int j = 0; j < state_count(args.rule); ++j) args.state[j][i] = static_cast<float>(e.state[j]);
      args.param[i] = static_cast<float>(regularize_and_constrain(e.param, threshold, group));
      if (args.average != nullptr && !constrains_segment(group.constraint))
        args.average[i] = averaged(args.average[i], rate, args.param[i]);
    });
  }
}

void gradient_norm(const Device&, const GradientNormArgs& args) {
  double sum = 0;
  const auto add = [&](std::int64_t i) { sum += static_cast<double>(args.grad[i]) * args.grad[i]; };
  for (int k = 0; k < args.segment_count; ++k) each_element(args.segments[k], {}, add);
  if (args.touched.features != nullptr) each_element({}, args.touched, add);
  const double factor = args.clip_norm / (std::sqrt(sum) + 1e-6);
  args.out[0] = static_cast<float>(sum);
  args.out[1] = args.clip_norm > 0 && factor < 1 ? static_cast<float>(factor) : 1.0f;
}

void record(const Device& device, const GradientNormArgs& norm, const RecordArgs& args) {
  gradient_norm(device, norm);
  record_reference(norm.out[0], args);
}

void project_to_ball(float* w, std::int64_t size, double radius) {
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(w[i]) * w[i];
  if (!(std::sqrt(sum) > radius)) return;
  for (std::int64_t i = 0; i < size; ++i) w[i] = static_cast<float>(w[i] * (radius / std::sqrt(sum)));
}

/// Duchi et al. 2008, figure 1: sort, and find the last element that stays positive.
void project_to_simplex(float* w, std::int64_t size, double z) {
  std::vector<double> sorted;
  for (std::int64_t i = 0; i < size; ++i)
    if (!std::isnan(w[i])) sorted.push_back(w[i]);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  if (sorted.empty() || std::isinf(sorted.front())) return;
  double sum = 0, theta = 0;
  for (std::size_t j = 0; j < sorted.size(); ++j) {
    sum += sorted[j];
    const double candidate = (sum - z) / static_cast<double>(j + 1);
    if (sorted[j] > candidate) theta = candidate;
  }
  for (std::int64_t i = 0; i < size; ++i)
    if (!std::isnan(w[i])) w[i] = static_cast<float>(std::max(0.0, w[i] - theta));
}

void project(const Device&, const ProjectArgs& args) {
  if (refused(args.squared_norm)) return;
  for (int k = 0; k < args.segment_count; ++k) {
    const UpdateSegment& segment = args.segments[k];
    const GroupScalars& group = args.scalars->group[segment.group];
    float* const param = args.param + segment.offset;
    if (!constrains_segment(group.constraint)) continue;
    if (group.constraint == Constraint::l2_ball) project_to_ball(param, segment.used, group.upper);
    if (group.constraint == Constraint::simplex) project_to_simplex(param, segment.used, group.upper);
    for (std::int64_t i = 0; args.average != nullptr && i < segment.used; ++i) {
      float& average = args.average[segment.offset + i];
      average = averaged(average, args.scalars->average_rate, param[i]);
    }
  }
}

}  // namespace

extern const UpdateOps update_reference;
const UpdateOps update_reference{
    .step = &step, .gradient_norm = &gradient_norm, .record = &record, .project = &project};
}  // namespace thalweg
