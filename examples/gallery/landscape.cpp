// A slice of the loss of a network along two directions, with and without batch normalisation (Li, Xu,
// Taylor, Studer and Goldstein, "Visualizing the loss landscape of neural nets", 2018).
#include <algorithm>
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"
#include "host/report/contour.hpp"
#include "host/report/scale.hpp"

namespace thalweg::gallery {
namespace {

constexpr int kHalf = 16;  // cells from the middle of the slice to its border

/// Two spirals of 60 points each.
Dataset two_spirals() {
  Floats x, y;
  for (int k = 0; k < 120; ++k) {
    const float turn = 0.25f + 0.07f * static_cast<float>(k / 2), side = k % 2 == 0 ? 1.0f : -1.0f;
    x.insert(x.end(), {side * turn / 3 * std::cos(turn), side * turn / 3 * std::sin(turn)});
    y.push_back(static_cast<float>(k % 2));
  }
  Dataset data = rows_of(2, x, y);
  data.target_kind = TargetKind::classes;
  data.classes = {"0", "1"};
  return data;
}

double norm(const float* values, std::size_t count) {
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) sum += static_cast<double>(values[k]) * values[k];
  return std::sqrt(sum);
}

/// The initial weights of another seed, each unit's scaled to the length that the trained unit has. Biases
/// and the parameters of the normalisation stay where they are.
std::vector<NamedTensor> direction(const Model& trained, const Dataset& data, std::uint64_t seed) {
  const std::vector<NamedTensor> weights = trained.parameters();
  std::vector<NamedTensor> direction = model_for(data, trained.spec().config, seed).parameters();
  for (std::size_t t = 0; t < weights.size(); ++t) {
    const bool is_weight = weights[t].shape.size() == 2;
    const auto inputs = static_cast<std::size_t>(weights[t].shape.back());
    for (std::size_t at = 0; at < weights[t].values.size(); at += inputs) {
      float* unit = direction[t].values.data() + at;
      const double scale = is_weight ? norm(weights[t].values.data() + at, inputs) / norm(unit, inputs) : 0;
      for (std::size_t k = 0; k < inputs; ++k) unit[k] = static_cast<float>(scale * unit[k]);
    }
  }
  return direction;
}

struct Slice {
  std::vector<std::vector<double>> losses;  ///< [row][column]
  double middle() const { return losses[kHalf][kHalf]; }
  double largest() const {
    double most = 0;
    for (const auto& row : losses) most = std::max(most, *std::max_element(row.begin(), row.end()));
    return most;
  }
  double corner() const { return losses.back().back(); }
};

/// Trains, then looks at the loss that training sees around the end: with the statistics of the batch.
Slice slice(Normalization normalization) {
  const Dataset data = two_spirals();
  const std::vector<std::int64_t> all = all_rows(data);
  Model model = model_for(data, {.hidden = {16, 16}, .normalization = normalization});
  Learner learner(model, data, {.optimizer = {.name = Rule::adam, .lr = 0.01}});
  for (int step = 0; step < 400; ++step) learner.step(all);
  const std::vector<NamedTensor> end = model.parameters(), along_x = direction(model, data, 2),
                                 along_y = direction(model, data, 3);
  Slice slice;
  for (int row = -kHalf; row <= kHalf; ++row) {
    slice.losses.emplace_back();
    for (int column = -kHalf; column <= kHalf; ++column) {
      std::vector<NamedTensor> moved = end, unused;
      for (std::size_t t = 0; t < end.size(); ++t)
        for (std::size_t k = 0; k < end[t].values.size(); ++k)
          moved[t].values[k] += (static_cast<float>(column) * along_x[t].values[k] +
                                 static_cast<float>(row) * along_y[t].values[k]) /
                                kHalf;
      model.set_parameters(moved);
      slice.losses.back().push_back(learner.value_and_gradient(all, unused).loss_sum /
                                    static_cast<double>(data.rows));
    }
  }
  return slice;
}

Chart chart_of(const std::string& title, const Slice& slice) {
  Chart chart{.title = title,
              .x = {"along the first direction", ScaleKind::linear, Interval{-1, 1}},
              .y = {"along the second", ScaleKind::linear, Interval{-1, 1}}};
  report::Grid grid{{}, {}, slice.losses};
  for (int k = -kHalf; k <= kHalf; ++k) grid.x.push_back(static_cast<double>(k) / kHalf);
  grid.y = grid.x;
  std::size_t colour = 0;
  for (const double level : {0.1, 0.3, 0.69, 1.5, 3.0})
    chart.series.push_back(
        {Mark::line, "loss " + report::number_text(level), colour++, report::contour(grid, level)});
  chart.series.push_back(dots("", 7, {{0, 0}}));
  return chart;
}

}  // namespace

Page landscape() {
  const Slice plain = slice(Normalization::none), normalized = slice(Normalization::batch);

  Page page{.title = "A loss landscape with and without batch norm",
            .text =
                "Two spirals, two hidden layers of 16 relu units, 400 steps of adam. The plots show the loss "
                "around the end of training, along two random directions. Each unit's part of a direction is "
                "as long as the unit's weights (Li et al. 2018), so the two networks can be compared. Each "
                "point is one pass over the batch, and batch normalisation takes the statistics of that "
                "batch, as in training. Without it the loss far from the middle is several times as large."};
  page.charts = {chart_of("Without normalisation", plain), chart_of("With batch normalisation", normalized)};
  page.numbers = {{"loss in the middle, without", plain.middle()},
                  {"loss in the middle, with batch norm", normalized.middle()},
                  {"loss in the upper right corner, without", plain.corner()},
                  {"loss in the upper right corner, with batch norm", normalized.corner()},
                  {"largest loss of the slice, without", plain.largest()},
                  {"largest loss of the slice, with batch norm", normalized.largest()}};
  return page;
}

}  // namespace thalweg::gallery
