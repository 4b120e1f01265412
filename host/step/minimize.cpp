#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/finite.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "host/step/learner_rules.hpp"
#include "host/step/optimizer.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

void require_problem(const std::vector<float>& point, std::int64_t steps, double tolerance, bool callable) {
  if (!callable) throw UsageError("minimize: the function is empty");
  if (point.empty()) throw ShapeError("minimize: the point has no element");
  require_steps(steps);
  if (!(tolerance >= 0))
    throw ConfigError(fmt::format("minimize: the tolerance is {}; want 0 or more", tolerance));
}

/// What the function gave at the point of step `step`.
void require_finite(double value, const std::vector<float>& gradient, std::size_t size, std::int64_t step) {
  if (gradient.size() != size)
    throw ShapeError(fmt::format("minimize: the function wrote a gradient of {} elements, the point has {}",
                                 gradient.size(), size));
  if (!std::isfinite(value))
    throw DivergedError(fmt::format("minimize: the value after step {} is {}", step, value));
  const std::int64_t bad = first_not_finite(gradient.data(), std::ssize(gradient), false);
  if (bad == std::ssize(gradient)) return;
  throw DivergedError(fmt::format("minimize: element {} of the gradient after step {} is {}", bad, step,
                                  gradient[static_cast<std::size_t>(bad)]));
}

}  // namespace

MinimizeResult minimize(
    const Context& ctx, const OptimizerConfig& config, std::vector<float>& point, std::int64_t steps,
    double tolerance,
    const std::function<double(const std::vector<float>&, std::vector<float>&)>& value_and_gradient) {
  const Lane lane(ctx);
  require_problem(point, steps, tolerance, value_and_gradient != nullptr);
  require_rate(config.plain_lr());
  const auto size = static_cast<std::int64_t>(point.size());
  ParameterPlan plan;
  plan.add_parameter({"point", {size}, ParameterKind::weight, {}});
  Buffer<float> param(ctx, plan.arena_size()), grad(ctx, plan.arena_size());
  param.zero(ctx);
  grad.zero(ctx);
  param.upload(ctx, point.data(), size);
  Optimizer optimizer(ctx, plan, param.data(), config);
  Buffer<UpdateScalars> scalars(ctx, 1);
  std::vector<float> gradient(point.size());
  MinimizeResult result;
  const auto evaluate = [&] {
    result.value = value_and_gradient(point, gradient);
    require_finite(result.value, gradient, point.size(), result.steps);
    result.gradient = 0;
    for (const float g : gradient)
      result.gradient = std::max(result.gradient, std::abs(double{g}));  // mutant: absolute-gradient
    result.converged = result.gradient <= tolerance;
  };
  for (evaluate(); result.steps < steps && !result.converged; evaluate()) {
    grad.upload(ctx, gradient.data(), size);
    const UpdateScalars host_scalars = optimizer.scalars(config.plain_lr(), ++result.steps);
    scalars.upload(ctx, &host_scalars, 1);
    backend_of(ctx).update.gradient_norm(device_of(ctx), optimizer.gradient_norm(grad.data(), {}));
    optimizer.update(ctx, param.data(), grad.data(), {}, scalars.data(), optimizer.squared_norm());
    backend_of(ctx).memory.download(device_of(ctx), point.data(), param.data(),
                                    size * std::int64_t{sizeof(float)});
  }
  return result;
}

}  // namespace thalweg
