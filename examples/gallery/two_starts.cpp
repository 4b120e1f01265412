// x^4 - x^3 - x^2 + exp(-x^2) has two minima. The start decides which one descent finds.
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

double value(double x) { return x * x * (x * x - x - 1) + std::exp(-x * x); }

double function(const Floats& point, Floats& gradient) {
  const double x = point[0];
  gradient[0] = static_cast<float>(x * (4 * x * x - 3 * x - 2 - 2 * std::exp(-x * x)));
  return value(x);
}

}  // namespace

Page two_starts() {
  const OptimizerConfig sgd{.name = Rule::sgd, .lr = 0.03};
  const Walk left = walk(sgd, {-1.4f}, 200, function, 1e-5), right = walk(sgd, {1.9f}, 200, function, 1e-5);

  Page page{
      .title = "Two starts, two minima",
      .text =
          "x^4 - x^3 - x^2 + exp(-x^2) has two minima. Descent goes down from where it starts and never "
          "over the hill at 0. Both walks end with a gradient of 0, and only the values tell which "
          "minimum is the lower one."};
  Chart curve{.title = "Two walks on one curve", .x = {"x"}, .y = {"value"}};
  curve.series = {graph("", 7, value, {-1.5, 2}), dots("from -1.4", 1, on_graph(left, value)),
                  dots("from 1.9", 0, on_graph(right, value))};
  Chart steps{.title = "The same, by step", .x = {"step"}, .y = {"x"}};
  add_path(steps, "from -1.4", 1, by_step(coordinate(left)));
  add_path(steps, "from 1.9", 0, by_step(coordinate(right)));
  page.charts = {curve, steps};
  page.numbers = {{"left minimum", left.end()},
                  {"value at the left minimum", left.values.back()},
                  {"right minimum", right.end()},
                  {"value at the right minimum", right.values.back()}};
  return page;
}

}  // namespace thalweg::gallery
