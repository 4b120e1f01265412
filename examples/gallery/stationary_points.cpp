// Where the gradient is 0: minima, maxima and saddles, told apart by second derivatives.
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

/// A polynomial x^4 + a x^2 + b x + c.
struct Quartic {
  double a, b, c;

  double value(double x) const { return ((x * x + a) * x + b) * x + c; }
  double slope(double x) const { return (4 * x * x + 2 * a) * x + b; }
  double curvature(double x) const {  // by differences of the slope
    constexpr double kWidth = 1e-4;
    return (slope(x + kWidth) - slope(x - kWidth)) / (2 * kWidth);
  }
  /// Where the slope is 0: below the start, or above it with `up`.
  double stationary_from(float start, bool up = false) const {
    const auto function = [&](const Floats& x, Floats& gradient) {
      gradient[0] = static_cast<float>(up ? -slope(x[0]) : slope(x[0]));
      return up ? -value(x[0]) : value(x[0]);
    };
    return walk({.name = Rule::sgd, .lr = 0.02}, {start}, 2000, function, 1e-5).end();
  }
};

Chart chart_of(const std::string& title, const Quartic& f, const std::vector<double>& at, Interval over) {
  Chart chart{.title = title, .x = {"x"}, .y = {"value"}};
  chart.series = {graph(
      "", 7, [&](double x) { return f.value(x); }, over)};
  for (const double x : at) chart.series.push_back(dots("", f.curvature(x) > 0 ? 0 : 1, {{x, f.value(x)}}));
  chart.series[1].name = "curvature above 0: minimum";
  chart.series[2].name = "below 0: maximum";
  return chart;
}

double saddle_value(double x, double y) { return x * x + y * y * y * y / 4 - y * y / 2; }

double saddle(const Floats& point, Floats& gradient) {
  gradient[0] = 2 * point[0];
  gradient[1] = point[1] * point[1] * point[1] - point[1];
  return saddle_value(point[0], point[1]);
}

}  // namespace

Page stationary_points() {
  const Quartic even{-8, 0, 5}, tilted{-3, 1, 0};
  const std::vector<double> of_even{even.stationary_from(-1), even.stationary_from(0.5f, true),
                                    even.stationary_from(1)};
  const std::vector<double> of_tilted{tilted.stationary_from(-2), tilted.stationary_from(0.5f, true),
                                      tilted.stationary_from(2)};
  const OptimizerConfig sgd{.name = Rule::sgd, .lr = 0.1};
  const Walk onto = walk(sgd, {1.5f, 0}, 300, saddle, 1e-3),
             past = walk(sgd, {1.5f, 0.001f}, 300, saddle, 1e-3);

  Page page{.title = "Saddles and the second-derivative test",
            .text =
                "A gradient of 0 is a minimum where the second derivative is above 0, and a maximum where it "
                "is below. In two variables it may be both: x^2 + y^4/4 - y^2/2 has a saddle at (0, 0), with "
                "curvature 2 along x and -1 along y. Descent on the line y = 0 stops there. A start that is "
                "off by 0.001 passes it, slowly, and finds the minimum at (0, 1)."};
  Chart map{.title = "Onto a saddle, and past it", .x = {"x"}, .y = {"y"}};
  map.series = {levels(saddle_value, {-0.5, 1.7}, {-1.5, 1.5}, {-0.2, -0.1, 0, 0.2, 0.6, 1.2, 2})};
  add_path(map, "from (1.5, 0)", 1, plane(onto));
  add_path(map, "from (1.5, 0.001)", 0, plane(past));
  page.charts = {chart_of("x^4 - 8x^2 + 5", even, of_even, {-3, 3}),
                 chart_of("x^4 - 3x^2 + x", tilted, of_tilted, {-2, 1.8}), map};
  page.numbers = {
      {"x^4 - 8x^2 + 5: left minimum", of_even[0]},
      {"its curvature", even.curvature(of_even[0])},
      {"value at both minima", even.value(of_even[2])},
      {"curvature at the maximum 0", even.curvature(of_even[1])},
      {"x^4 - 3x^2 + x: left minimum", tilted.stationary_from(-2)},
      {"curvature at the left minimum", tilted.curvature(of_tilted[0])},
      {"maximum", of_tilted[1]},
      {"curvature at the maximum", tilted.curvature(of_tilted[1])},
      {"right minimum", of_tilted[2]},
      {"curvature at the right minimum", tilted.curvature(of_tilted[2])},
      {"walks past or onto the saddle that converged", static_cast<double>(onto.converged + past.converged)},
      {"steps onto the saddle", static_cast<double>(onto.steps())},
      {"value at the saddle", onto.values.back()},
      {"steps past the saddle to the minimum", static_cast<double>(past.steps())},
      {"value at that minimum", past.values.back()}};
  return page;
}

}  // namespace thalweg::gallery
