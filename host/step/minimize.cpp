#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "host/step/optimizer.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

MinimizeResult minimize(
    const Context& ctx, const OptimizerConfig& config, std::vector<float>& point, std::int64_t steps,
    double tolerance,
    const std::function<double(const std::vector<float>&, std::vector<float>&)>& value_and_gradient) {
  const Lane lane(ctx);
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
    result.gradient = 0;
    for (const float g : gradient)
      result.gradient = std::max(result.gradient, std::abs(double{g}));  // mutant: absolute-gradient
    result.converged = result.gradient <= tolerance;
  };
  for (evaluate(); result.steps < steps && !result.converged; evaluate()) {
    grad.upload(ctx, gradient.data(), size);
    const UpdateScalars host_scalars = optimizer.scalars(config.plain_lr(), ++result.steps);
    scalars.upload(ctx, &host_scalars, 1);
    optimizer.gradient_norm(ctx, grad.data(), {});
    optimizer.update(ctx, param.data(), grad.data(), {}, scalars.data(), optimizer.squared_norm());
    backend_of(ctx).memory.download(device_of(ctx), point.data(), param.data(),
                                    size * std::int64_t{sizeof(float)});
  }
  return result;
}

}  // namespace thalweg
