// Adam's averages begin at 0. Its bias correction makes up for that; rmsprop has none.
#include <algorithm>
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr double kRate = 1.0 / 1024;

/// The lengths of the first 1,000 steps on a gradient that is always 1, in units of the rate. The correction
/// depends on the number of steps taken: a rule that believes it has taken very many does not correct.
std::vector<double> step_lengths(Rule rule, bool corrects) {
  const Dataset data = rows_of(1, {1}, {0});
  Model model = model_for(data, {.loss = Loss::squared, .bias = false});
  Learner learner(model, data, {.optimizer = {.name = rule, .lr = kRate}});
  if (!corrects) learner.set_steps(1'000'000);
  const auto constant_slope = [](const ObjectiveCall& call) {
    call.losses[0] = 0;
    call.grad_output.row(0)[0] = call.scale;
  };
  std::vector<double> lengths;
  double before = 0;
  for (int step = 0; step < 1000; ++step) {
    learner.step({0}, {}, constant_slope);
    const double after = model.parameters()[0].values[0];
    lengths.push_back((before - after) / kRate);
    before = after;
  }
  return lengths;
}

}  // namespace

Page bias_correction() {
  const std::vector<double> adam = step_lengths(Rule::adam, true), plain = step_lengths(Rule::adam, false),
                            rmsprop = step_lengths(Rule::rmsprop, true);

  Page page{.title = "Bias correction",
            .text =
                "Adam divides an average of the gradients by the root of an average of their squares. Both "
                "begin at 0 and are too small at first. The squares are remembered longer (0.999 against "
                "0.9), so the quotient is too large. Without the correction the first steps on a constant "
                "gradient would be three to six times the rate. With it each step is the rate. `rmsprop` has "
                "no correction, and its first step is ten times the rate."};
  Chart lengths{.title = "Length of a step on a gradient of 1",
                .x = {"step", ScaleKind::log},
                .y = {"length / rate", ScaleKind::log}};
  lengths.series = {{Mark::line, "adam", 0, by_log_step(adam)},
                    {Mark::line, "adam without correction", 1, by_log_step(plain)},
                    {Mark::line, "rmsprop", 2, by_log_step(rmsprop)}};
  page.charts = {lengths};
  page.numbers = {{"adam, first step", adam[0]},
                  {"without correction, first step", plain[0]},
                  {"without correction, longest step", *std::max_element(plain.begin(), plain.end())},
                  {"without correction, step 1,000", plain[999]},
                  {"rmsprop, first step", rmsprop[0]},
                  {"rmsprop, step 100", rmsprop[99]}};
  return page;
}

}  // namespace thalweg::gallery
