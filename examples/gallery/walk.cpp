#include "examples/gallery/walk.hpp"

#include "examples/gallery/one_thread.hpp"

namespace thalweg::gallery {

Walk walk(const OptimizerConfig& optimizer, Floats start, std::int64_t steps, const Function& function,
          double tolerance) {
  Walk walk;
  const auto watched = [&](const Floats& point, Floats& gradient) {
    walk.points.push_back(point);
    walk.values.push_back(function(point, gradient));
    return walk.values.back();
  };
  walk.converged = minimize(one_thread(), optimizer, start, steps, tolerance, watched).converged;
  return walk;
}

}  // namespace thalweg::gallery
