// A shared library that carries Thalweg in it: its objects have to be position independent.
#include "thalweg/thalweg.hpp"

double slope_of(const std::vector<float>& x, const std::vector<float>& y) {
  const thalweg::Context ctx;
  std::vector<float> point{0.0f};
  thalweg::OptimizerConfig optimizer;
  optimizer.name = thalweg::Rule::sgd;
  optimizer.lr = 0.05;
  thalweg::minimize(ctx, optimizer, point, 200, 0.0,
                    [&](const std::vector<float>& at, std::vector<float>& gradient) {
                      double loss = 0;
                      gradient[0] = 0;
                      for (std::size_t i = 0; i < x.size(); ++i) {
                        const float residual = at[0] * x[i] - y[i];
                        loss += 0.5 * static_cast<double>(residual * residual);
                        gradient[0] += residual * x[i];
                      }
                      return loss;
                    });
  return static_cast<double>(point[0]);
}
