// Steepest descent on x^2 + 3y^2 - xy: the steps follow the gradient, and their path is curved.
#include <algorithm>
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

double value(double x, double y) { return x * x + 3 * y * y - x * y; }

double function(const Floats& p, Floats& gradient) {
  gradient[0] = 2 * p[0] - p[1];
  gradient[1] = 6 * p[1] - p[0];
  return value(p[0], p[1]);
}

/// Eigenvalues of the Hessian [[2, -1], [-1, 6]]: their mean, and half their difference on both sides.
constexpr double kMean = 4;
double half_difference() { return std::hypot((2.0 - 6.0) / 2, -1.0); }

/// How far the walk goes from the straight line between its start and the minimum at (0, 0).
double detour(const Walk& walk) {
  const double x = walk.at(0, 0), y = walk.at(0, 1);
  double most = 0;
  for (const Floats& p : walk.points) most = std::max(most, std::abs(p[0] * y - p[1] * x) / std::hypot(x, y));
  return most;
}

}  // namespace

Page curved_path() {
  const Walk path = walk({.name = Rule::sgd, .lr = 0.1}, {3, 2}, 40, function);

  Page page{
      .title = "A curved path in two variables",
      .text =
          "x^2 + 3y^2 - xy is steeper along one axis of its ellipses than along the other. Each step goes "
          "at a right angle to the line of equal values. The steep part of the distance falls first, so "
          "the path bends into the flat axis instead of pointing at the minimum. Per step the two parts "
          "shrink by 1 - rate * curvature."};
  Chart map{.title = "The path of steepest descent", .x = {"x"}, .y = {"y"}};
  map.series = {levels(value, {-1, 4}, {-1, 2.5}, {0.2, 1, 2.5, 5, 9, 15, 22})};
  map.series.push_back({Mark::line, "straight to the minimum", 1, {{3, 2}, {0, 0}}});
  add_path(map, "sgd, rate 0.1", 0, plane(path));
  page.charts = {map};
  page.numbers = {{"smaller curvature", kMean - half_difference()},
                  {"larger curvature", kMean + half_difference()},
                  {"x after 5 steps", path.at(5, 0)},
                  {"y after 5 steps", path.at(5, 1)},
                  {"value after 5 steps", path.values[5]},
                  {"value after 20 steps", path.values[20]},
                  {"largest distance from the straight line", detour(path)}};
  return page;
}

}  // namespace thalweg::gallery
