// The line through Anscombe's first data set ("Graphs in statistical analysis", 1973), whose slope is 0.5 and
// whose intercept is 3: in closed form, and by descent.
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

const Floats kX{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
const Floats kY{8.04f, 6.95f, 7.58f, 8.81f, 8.33f, 9.96f, 7.24f, 4.26f, 10.84f, 4.82f, 5.68f};

/// The normal equations of two unknowns.
Line closed_form() {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t k = 0; k < kX.size(); ++k) {
    const double a = kX[k], b = kY[k];
    n += 1, x += a, y += b, xx += a * a, xy += a * b;
  }
  const double slope = (n * xy - x * y) / (n * xx - x * x);
  return {slope, (y - slope * x) / n};
}

struct Descent {
  std::vector<double> distance;  ///< from the closed form, after each step
  Line end;
};

Descent descend(const OptimizerConfig& optimizer) {
  const Dataset data = rows_of(1, kX, kY);
  const std::vector<std::int64_t> all = all_rows(data);
  Model model = model_for(data, {.loss = Loss::squared});
  Learner learner(model, data, {.optimizer = optimizer});
  const Line goal = closed_form();
  Descent descent;
  for (int step = 0; step <= 5000; ++step) {
    descent.end = line_of(model);
    descent.distance.push_back(
        std::hypot(descent.end.slope - goal.slope, descent.end.intercept - goal.intercept));
    learner.step(all);
  }
  return descent;
}

double squared_error(const Line& line) {
  double sum = 0;
  for (std::size_t k = 0; k < kX.size(); ++k) sum += std::pow(line.at(kX[k]) - kY[k], 2);
  return sum;
}

}  // namespace

Page regression() {
  const Line exact = closed_form();
  const Descent plain = descend({.name = Rule::sgd, .lr = 0.02});
  const Descent heavy = descend({.name = Rule::momentum, .lr = 0.02, .momentum = 0.9});

  Page page{.title = "Regression in closed form and by descent",
            .text =
                "A line through eleven points (Anscombe 1973) follows from two equations. Descent reaches "
                "the same line in steps. The features lie far from 0, so slope and intercept depend on each "
                "other and the last part takes thousands of steps. Momentum needs a tenth of them."};
  Chart fit{.title = "Anscombe's first data set", .x = {"x"}, .y = {"y", ScaleKind::linear, Interval{2, 12}}};
  std::vector<ChartPoint> points;
  for (std::size_t k = 0; k < kX.size(); ++k) points.push_back({kX[k], kY[k]});
  const Line early{plain.end};
  fit.series = {dots("", 7, points), graph("closed form", 0, [&](double x) { return exact.at(x); }, {3, 15}),
                graph(
                    "after 5,000 steps", 1, [&](double x) { return early.at(x); }, {3, 15}, Mark::dashes)};
  Chart distance{.title = "Distance from the closed form", .x = {"step"}, .y = {"distance", ScaleKind::log}};
  add_path(distance, "sgd", 1, by_step(plain.distance));
  add_path(distance, "momentum 0.9", 0, by_step(heavy.distance));
  page.charts = {fit, distance};
  page.numbers = {{"slope in closed form", exact.slope},
                  {"intercept in closed form", exact.intercept},
                  {"sum of squared errors", squared_error(exact)},
                  {"slope of sgd after 5,000 steps", plain.end.slope},
                  {"intercept of sgd after 5,000 steps", plain.end.intercept},
                  {"distance of sgd after 1,000 steps", plain.distance[1000]},
                  {"distance of momentum after 100 steps", heavy.distance[100]}};
  return page;
}

}  // namespace thalweg::gallery
