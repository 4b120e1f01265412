// Rooms and square metres: features of different size make descent slow, standardised ones do not.
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

const Floats kRoomsAndMetres{1, 30, 2, 45, 2, 60, 3, 55, 3, 80, 4, 75, 4, 110, 5, 100};
const Floats kPrice{120, 175, 205, 215, 270, 275, 350, 345};

/// Largest eigenvalue of the mean of x x', x with a 1 for the bias: by power iteration.
double largest_curvature(const Dataset& data) {
  std::vector<double> v{1, 1, 1};
  double norm = 1;
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<double> next(3);
    for (std::size_t n = 0; n < kPrice.size(); ++n) {
      const double x[3] = {data.dense_f32[2 * n], data.dense_f32[2 * n + 1], 1};
      const double along = (x[0] * v[0] + x[1] * v[1] + x[2] * v[2]) / static_cast<double>(kPrice.size());
      for (std::size_t k = 0; k < 3; ++k) next[k] += along * x[k];
    }
    norm = std::hypot(next[0], next[1], next[2]);
    for (std::size_t k = 0; k < 3; ++k) v[k] = next[k] / norm;
  }
  return norm;
}

/// Losses of sgd in full batches at the rate 1 / largest curvature.
std::vector<double> descend(const Dataset& data, int steps) {
  const std::vector<std::int64_t> all = all_rows(data);
  Model model = model_for(data, {.loss = Loss::squared});
  Learner learner(model, data, {.optimizer = {.name = Rule::sgd, .lr = 1 / largest_curvature(data)}});
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step)
    losses.push_back(learner.step(all).loss_sum / static_cast<double>(data.rows));
  return losses;
}

/// Steps until the loss is below `goal`.
double steps_below(const std::vector<double>& losses, double goal) {
  std::size_t step = 0;
  while (step < losses.size() && losses[step] >= goal) ++step;
  return static_cast<double>(step);
}

}  // namespace

Page feature_scaling() {
  const Dataset raw = rows_of(2, kRoomsAndMetres, kPrice);
  const Dataset scaled =
      fit_transform(raw, {.standardize = Tristate::yes, .standardize_target = Tristate::no});
  const std::vector<double> slow = descend(raw, 20000), quick = descend(scaled, 200);
  constexpr double kGoal = 50;

  Page page{
      .title = "Feature scaling",
      .text =
          "Prices of flats by rooms and square metres. The metres are twenty times as large as the rooms, "
          "and no feature has the mean 0. The largest curvature limits the rate for all directions, and "
          "along the smallest one a step then does next to nothing. `data.standardize` shifts and scales "
          "each feature to mean 0 and deviation 1, which a run does unless it is told not to."};
  Chart chart{
      .title = "Loss at the best common rate", .x = {"step", ScaleKind::log}, .y = {"loss", ScaleKind::log}};
  chart.series = {{Mark::line, "raw features", 1, by_log_step(slow)},
                  {Mark::line, "standardised", 0, by_log_step(quick)}};
  page.charts = {chart};
  page.numbers = {{"largest curvature of raw features", largest_curvature(raw)},
                  {"largest curvature of standardised features", largest_curvature(scaled)},
                  {"steps to a loss below 50, raw", steps_below(slow, kGoal)},
                  {"steps to a loss below 50, standardised", steps_below(quick, kGoal)},
                  {"loss after 200 steps, raw", slow[199]},
                  {"loss after 200 steps, standardised", quick[199]}};
  return page;
}

}  // namespace thalweg::gallery
