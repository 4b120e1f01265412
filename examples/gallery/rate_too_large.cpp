// Failure: a rate above 2 / curvature. Each step overshoots by more than the last one.
#include <cmath>

#include "examples/gallery/line_data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

Run at_rate(double rate) { return listen(plain_descent(rate, 1000), nearly_a_line()); }

/// How the loss changes by a step, once the steps are regular.
double factor(const Run& run) { return run.train_loss[20] / run.train_loss[19]; }

std::vector<double> first_steps(const Run& run) {
  return {run.train_loss.begin(), run.train_loss.begin() + 50};
}

}  // namespace

Page rate_too_large() {
  const Run good = at_rate(0.5), edge = at_rate(1.9), beyond = at_rate(2.1), far = at_rate(3);

  Page page{.title = "Failure: a rate that is too large",
            .text =
                "Both curvatures of this line fit are 1, so a step multiplies the error by 1 - rate. A rate "
                "of 0.5 halves it. At 1.9 the error changes its sign and shrinks by a tenth. At 2.1 it grows "
                "by a tenth, slowly enough to be overlooked for a while. The run ends when loss or gradient "
                "is no longer finite, and keeps the parameters of the last good step."};
  Chart chart{.title = "Training loss", .x = {"step"}, .y = {"loss", ScaleKind::log}};
  add_path(chart, "rate 0.5", 0, by_step(first_steps(good)));
  add_path(chart, "rate 1.9", 2, by_step(first_steps(edge)));
  add_path(chart, "rate 2.1", 1, by_step(first_steps(beyond)));
  page.charts = {chart};
  page.says = far.error;
  page.numbers = {{"loss after 1,000 steps at rate 0.5", good.train_loss.back()},
                  {"factor of the loss by a step at rate 1.9", factor(edge)},
                  {"factor of the loss by a step at rate 2.1", factor(beyond)},
                  {"steps at rate 2.1 before the end", static_cast<double>(beyond.train_loss.size())},
                  {"steps at rate 3 before the end", static_cast<double>(far.train_loss.size())}};
  return page;
}

}  // namespace thalweg::gallery
