#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "host/step/optimizer.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

double minimize(
    const Context& ctx, const OptimizerConfig& config, std::vector<float>& point, std::int64_t steps,
    double tolerance,
    const std::function<double(const std::vector<float>&, std::vector<float>&)>& value_and_gradient) {
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
  double value = value_and_gradient(point, gradient);
  for (std::int64_t step = 1; step <= steps; ++step) {
    float largest = 0;
    for (const float g : gradient) largest = std::max(largest, std::abs(g));  // mutant: absolute-gradient
    if (largest <= tolerance) break;
    grad.upload(ctx, gradient.data(), size);
    const UpdateScalars host_scalars = optimizer.scalars(config.plain_lr(), step);
    scalars.upload(ctx, &host_scalars, 1);
    optimizer.gradient_norm(ctx, grad.data(), {});
    optimizer.update(ctx, param.data(), grad.data(), {}, scalars.data(), optimizer.squared_norm());
    backend_of(ctx).memory.download(device_of(ctx), point.data(), param.data(),
                                    size * std::int64_t{sizeof(float)});
    value = value_and_gradient(point, gradient);
  }
  return value;
}

}  // namespace thalweg
