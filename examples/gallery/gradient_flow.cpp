// Descent follows the gradient flow x' = -f'(x) in steps. sgd is Euler's method, of order 1;
// adams_bashforth looks at the last gradient, too, and is of order 2.
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

double bowl(const Floats& point, Floats& gradient) {
  gradient[0] = point[0];
  return 0.5 * point[0] * point[0];
}

double flow(double time) { return std::exp(-time); }

/// From 1, as long as `time`, in steps of `length`.
Walk follow(Rule rule, double length, double time) {
  return walk({.name = rule, .lr = length}, {1}, std::lround(time / length), bowl);
}

double error(Rule rule, double length) { return std::abs(follow(rule, length, 1).end() - flow(1)); }

std::vector<ChartPoint> errors(Rule rule) {
  std::vector<ChartPoint> points;
  for (double length = 0.25; length >= 1.0 / 64; length /= 2) points.push_back({length, error(rule, length)});
  return points;
}

/// By how many halvings the error falls when the steps are halved once.
double order(Rule rule) { return std::log2(error(rule, 1.0 / 32) / error(rule, 1.0 / 64)); }

std::vector<ChartPoint> by_time(const Walk& walk, double length) {
  std::vector<ChartPoint> points;
  for (const Floats& point : walk.points)
    points.push_back({length * static_cast<double>(points.size()), point[0]});
  return points;
}

}  // namespace

Page gradient_flow() {
  constexpr double kLength = 0.5;
  Page page{.title = "Gradient flow, Euler and Adams-Bashforth",
            .text =
                "On x^2/2 the gradient flow x' = -x gives exp(-t). `sgd` is Euler's method with the learning "
                "rate as the length of a step: halving it halves the error. `adams_bashforth` extrapolates "
                "from the last two gradients: halving the step quarters the error. That follows the flow "
                "better. It does not reach the minimum sooner."};
  Chart path{.title = "Steps of 0.5 beside the flow", .x = {"time"}, .y = {"x"}};
  path.series = {graph("flow", 7, flow, {0, 4})};
  add_path(path, "sgd (Euler)", 0, by_time(follow(Rule::sgd, kLength, 4), kLength));
  add_path(path, "adams_bashforth", 1, by_time(follow(Rule::adams_bashforth, kLength, 4), kLength));
  Chart falls{
      .title = "Error at time 1", .x = {"length of a step", ScaleKind::log}, .y = {"error", ScaleKind::log}};
  add_path(falls, "sgd (Euler)", 0, errors(Rule::sgd));
  add_path(falls, "adams_bashforth", 1, errors(Rule::adams_bashforth));
  page.charts = {path, falls};
  page.numbers = {{"error of sgd, steps of 1/8", error(Rule::sgd, 0.125)},
                  {"error of sgd, steps of 1/64", error(Rule::sgd, 1.0 / 64)},
                  {"order of sgd", order(Rule::sgd)},
                  {"error of adams_bashforth, steps of 1/8", error(Rule::adams_bashforth, 0.125)},
                  {"error of adams_bashforth, steps of 1/64", error(Rule::adams_bashforth, 1.0 / 64)},
                  {"order of adams_bashforth", order(Rule::adams_bashforth)}};
  return page;
}

}  // namespace thalweg::gallery
