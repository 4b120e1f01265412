// Minimises a function of the program's own with an optimizer of the engine: Rosenbrock's valley, whose
// minimum is 0 at (1, 1).
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include "thalweg/thalweg.hpp"

static double rosenbrock(const std::vector<float>& point, std::vector<float>& gradient) {
  const float valley = point[1] - point[0] * point[0];
  gradient[0] = -400.0f * point[0] * valley - 2.0f * (1.0f - point[0]);
  gradient[1] = 200.0f * valley;
  return 100.0 * static_cast<double>(valley * valley) + std::pow(1.0 - static_cast<double>(point[0]), 2);
}

int main() try {
  thalweg::OptimizerConfig optimizer;
  optimizer.name = thalweg::Rule::adam;
  optimizer.lr = 0.02;
  std::vector<float> point{-1.2f, 1.0f};
  const thalweg::MinimizeResult result = thalweg::minimize(thalweg::Context(), optimizer, point,
                                                           /*steps=*/20000, /*tolerance=*/1e-4, rosenbrock);
  std::printf("%s after %lld steps: %.3g at (%.4f, %.4f)\n", result.converged ? "converged" : "stopped",
              static_cast<long long>(result.steps), result.value, point[0], point[1]);
  return result.converged && std::abs(point[0] - 1) < 1e-2f && std::abs(point[1] - 1) < 1e-2f ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
