// Failure: a column in euros beside one in years, and a rate for columns of size 1.
#include <cmath>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

/// 64 people: years 0 to 7, and 0 to 7,000 euros.
Dataset people() {
  Floats x, y;
  for (int k = 0; k < 64; ++k) {
    const auto years = static_cast<float>(k % 8), euros = 1000 * static_cast<float>(k / 8);
    x.insert(x.end(), {years, euros});
    y.push_back(3 * years + 0.002f * euros + static_cast<float>(k * 37 % 16) / 8 - 1);
  }
  return rows_of(2, x, y);
}

Run run(Tristate standardize) {
  Config config;
  config.data.standardize = standardize;
  config.model.loss = Loss::squared;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.1;
  config.train.epochs = 100;
  return listen(config, people());
}

}  // namespace

Page bad_scale() {
  const Run raw = run(Tristate::no), scaled = run(Tristate::yes);

  Page page{
      .title = "Failure: features of bad scale",
      .text =
          "One column counts years, the other one euros, and `data.standardize` is off. At a rate of 0.1 a "
          "step along the euros is a million times too long. The run ends in a few steps, and says in "
          "which row. The same run with standardised features, the default, fits."};
  Chart chart{.title = "Training loss", .x = {"step"}, .y = {"loss", ScaleKind::log}};
  add_path(chart, "raw features", 1, by_step(raw.train_loss));
  add_path(chart, "standardised", 0, by_step({scaled.train_loss.begin(), scaled.train_loss.begin() + 40}));
  page.charts = {chart};
  page.says = raw.error;
  page.numbers = {{"steps of the raw run", static_cast<double>(raw.train_loss.size())},
                  {"growth of its loss by one step", raw.train_loss[1] / raw.train_loss[0]},
                  {"R2 with standardised features", scaled.r2()}};
  return page;
}

}  // namespace thalweg::gallery
