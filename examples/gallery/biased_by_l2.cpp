// Failure: a regulariser that pulls the answer away from the data, and the bias with it.
#include "examples/gallery/line_data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

Run run(double l2, bool of_bias) {
  Config config = plain_descent(0.2, 200);
  config.optimizer.l2 = l2;
  config.optimizer.decay_bias_and_norm = of_bias;
  return listen(config, nearly_a_line());
}

/// The line of least loss + l2 (slope^2 + intercept^2) / 2, or l2 slope^2 / 2, on standardised x.
Line shrunk(double l2, bool of_bias) {
  const Dataset data = nearly_a_line();
  double xy = 0, y = 0;
  for (std::size_t n = 0; n < data.target.size(); ++n) {
    xy += data.dense_f32[n] * data.target[n] / 40.0;
    y += data.target[n] / 40.0;
  }
  return {xy / (1 + l2), of_bias ? y / (1 + l2) : y};
}

}  // namespace

Page biased_by_l2() {
  const Run none = run(0, false), weights = run(1, false), all = run(1, true);

  Page page{
      .title = "Failure: biased by the regulariser",
      .text =
          "`optimizer.l2` = 1 on a standardised feature halves its slope. That is a bias, and no number of "
          "rows removes it. With `decay_bias_and_norm` it halves the intercept, too, and the model is "
          "worse than the mean of the targets. Without it biases are left alone."};
  Chart chart{.title = "The lines of least regularised loss", .x = {"x"}, .y = {"y"}};
  const Dataset data = nearly_a_line();
  std::vector<ChartPoint> points;
  for (std::size_t n = 0; n < data.target.size(); ++n) points.push_back({data.dense_f32[n], data.target[n]});
  chart.series = {dots("", 7, points)};
  const auto add = [&](const char* name, std::size_t colour, const Line& line) {
    chart.series.push_back({Mark::line, name, colour, {{-2, line.at(-2)}, {2, line.at(2)}}});
  };
  add("l2 = 0", 0, shrunk(0, false));
  add("l2 = 1", 2, shrunk(1, false));
  add("l2 = 1, biases too", 1, shrunk(1, true));
  page.charts = {chart};
  page.says = all.message("r2 is");
  page.numbers = {{"slope without l2", shrunk(0, false).slope},
                  {"slope with l2 = 1", shrunk(1, false).slope},
                  {"R2 without l2", none.r2()},
                  {"R2 with l2 = 1", weights.r2()},
                  {"R2 with l2 = 1, biases too", all.r2()}};
  return page;
}

}  // namespace thalweg::gallery
