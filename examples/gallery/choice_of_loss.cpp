// Nine points on a line and one far above it. How much the line gives way depends on the loss.
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

/// y = x/2 + 3, but for one point.
Dataset ten_points() {
  Floats x, y;
  for (int k = 0; k < 10; ++k) {
    x.push_back(static_cast<float>(k) - 4.5f);
    y.push_back(k == 8 ? 12.0f : x.back() / 2 + 3);
  }
  return rows_of(1, x, y);
}

/// (z - y)^4 / 4, which is not one of the engine's losses.
void fourth_power(const Dataset& data, const ObjectiveCall& call) {
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    const float r = call.output.row(n)[0] - data.target[static_cast<std::size_t>(call.rows[n])];
    call.losses[n] = r * r * r * r / 4;
    call.grad_output.row(n)[0] = call.scale * r * r * r;
  }
}

Line fit(Loss loss, bool fourth = false) {
  const Dataset data = ten_points();
  const std::vector<std::int64_t> all = all_rows(data);
  Model model = model_for(data, {.loss = loss});
  Learner learner(model, data, {.optimizer = {.name = Rule::sgd, .clip_norm = 1}});
  const ObjectiveFunction own = [&](const ObjectiveCall& call) { fourth_power(data, call); };
  double rate = 0.2;  // shrinks, since the slope of |z - y| does not
  for (int step = 0; step < 6000; ++step, rate *= 0.998)
    fourth ? learner.step(all, rate, own) : learner.step(all, rate);
  return line_of(model);
}

}  // namespace

Page choice_of_loss() {
  const Line absolute = fit(Loss::absolute), huber = fit(Loss::huber), squared = fit(Loss::squared),
             fourth = fit(Loss::squared, true);

  Page page{
      .title = "The choice of loss",
      .text =
          "Nine points lie on y = x/2 + 3, one lies far above. The absolute error counts how many points "
          "are off and leaves the outlier alone. Huber's loss grows like it from an error of 1 on. "
          "Squares pull the line towards the outlier, and fourth powers, an objective of the caller's, "
          "pull harder still."};
  Chart chart{.title = "Four losses, four lines", .x = {"x"}, .y = {"y"}};
  const Dataset data = ten_points();
  std::vector<ChartPoint> points;
  for (std::size_t k = 0; k < data.target.size(); ++k) points.push_back({data.dense_f32[k], data.target[k]});
  chart.series = {dots("", 7, points)};
  std::size_t colour = 0;
  for (const auto& [name, line] :
       {std::pair{"absolute", absolute}, {"huber", huber}, {"squared", squared}, {"fourth power", fourth}}) {
    chart.series.push_back({Mark::line, name, colour++, {{-5, line.at(-5)}, {5, line.at(5)}}});
    page.numbers.push_back({std::string(name) + ": slope", line.slope});
    page.numbers.push_back({std::string(name) + ": intercept", line.intercept});
  }
  page.charts = {chart};
  return page;
}

}  // namespace thalweg::gallery
