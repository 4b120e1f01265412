// A network of one hidden unit has no closed form. Descent finds the unit that made the data.
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

/// y = a tanh(w x + b) + c
struct Unit {
  double w, b, a, c;
  double at(double x) const { return a * std::tanh(w * x + b) + c; }
};
constexpr Unit kTruth{1.5, -1, 2, 0.5};

/// The unit of a network; (w, b, a) and (-w, -b, -a) are the same function.
Unit unit_of(const Model& model) {
  const std::vector<NamedTensor> p = model.parameters();
  const double sign = p[0].values[0] < 0 ? -1 : 1;
  return {sign * p[0].values[0], sign * p[1].values[0], sign * p[2].values[0], p[3].values[0]};
}

Dataset data_of_the_unit() {
  Floats x, y;
  for (int k = -20; k <= 20; ++k) {
    x.push_back(0.15f * static_cast<float>(k));
    y.push_back(static_cast<float>(kTruth.at(x.back())));
  }
  return rows_of(1, x, y);
}

}  // namespace

Page one_unit() {
  constexpr int kSteps = 3000;
  const Dataset data = data_of_the_unit();
  const std::vector<std::int64_t> all = all_rows(data);
  Model model = model_for(data, {.hidden = {1}, .activation = Activation::tanh, .loss = Loss::squared});
  const Unit start = unit_of(model);
  Learner learner(model, data, {.optimizer = {.name = Rule::adam}});
  std::vector<double> losses;
  for (int step = 0; step < kSteps; ++step) {
    const double rate = 0.05 * (1 - step / static_cast<double>(kSteps));
    losses.push_back(learner.step(all, rate).loss_sum / static_cast<double>(data.rows));
  }
  const Unit found = unit_of(model);

  Page page{.title = "A network of one unit",
            .text =
                "The data follow 2 tanh(1.5x - 1) + 0.5. A network with one hidden unit can be exactly that. "
                "No formula gives its four parameters, because the equations hold them inside and outside of "
                "tanh. Descent finds them from a random start."};
  Chart fit{.title = "The unit before and after training", .x = {"x"}, .y = {"y"}};
  std::vector<ChartPoint> points;
  for (std::size_t k = 0; k < data.target.size(); ++k) points.push_back({data.dense_f32[k], data.target[k]});
  fit.series = {dots("data", 7, points),
                graph(
                    "start", 1, [&](double x) { return start.at(x); }, {-3, 3}, Mark::dashes),
                graph("adam, 3,000 steps", 0, [&](double x) { return found.at(x); }, {-3, 3})};
  Chart loss{.title = "Loss", .x = {"step"}, .y = {"loss", ScaleKind::log}};
  loss.series = {{Mark::line, "", 0, by_step(losses)}};
  page.charts = {fit, loss};
  page.numbers = {{"weight inside (1.5)", found.w},
                  {"bias inside (-1)", found.b},
                  {"weight outside (2)", found.a},
                  {"bias outside (0.5)", found.c}};
  return page;
}

}  // namespace thalweg::gallery
