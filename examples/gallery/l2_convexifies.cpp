// x^4 - 3x^2 + x has two minima. L2 adds a bowl, and one of 6 leaves a single minimum.
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

double value(double x) { return x * x * x * x - 3 * x * x + x; }

double function(const Floats& point, Floats& gradient) {
  const double x = point[0];
  gradient[0] = static_cast<float>(4 * x * x * x - 6 * x + 1);
  return value(x);
}

double end(float start, double l2) {
  return walk({.name = Rule::sgd, .lr = 0.02, .l2 = l2}, {start}, 2000, function).end();
}

}  // namespace

Page l2_convexifies() {
  constexpr double kL2 = 6;
  const auto with_bowl = [](double x) { return value(x) + kL2 / 2 * x * x; };

  Page page{.title = "L2 makes a function convex",
            .text =
                "x^4 - 3x^2 + x bends down around 0: its least curvature is -6. `optimizer.l2` adds the bowl "
                "l2/2 x^2, whose curvature is l2 everywhere. An l2 of 6 leaves no part that bends down, and "
                "every start finds the same minimum. It is the minimum of another function, though: it lies "
                "closer to 0 than either of the two."};
  Chart curves{.title = "With and without the bowl", .x = {"x"}, .y = {"value"}};
  curves.series = {graph("l2 = 0", 0, value, {-1.8, 1.7}), graph("l2 = 6", 1, with_bowl, {-1.4, 1.2})};
  page.numbers = {{"from -2 without l2", end(-2, 0)},
                  {"from 2 without l2", end(2, 0)},
                  {"from -2 with l2 = 6", end(-2, kL2)},
                  {"from 2 with l2 = 6", end(2, kL2)}};
  for (std::size_t k = 0; k < 4; ++k) {
    const double x = page.numbers[k].value;
    curves.series.push_back(dots("", k / 2, {{x, k < 2 ? value(x) : with_bowl(x)}}));
  }
  page.charts = {curves};
  page.numbers.push_back({"value at the end with l2 = 6, bowl included", with_bowl(page.numbers[2].value)});
  return page;
}

}  // namespace thalweg::gallery
