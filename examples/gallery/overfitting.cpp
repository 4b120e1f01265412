// Failure: as many features as rows. The training loss falls on, the validation loss turns.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr int kRows = 60, kWaves = 30;

/// A noisy cosine, described by 30 cosines.
Dataset noisy_cosine() {
  std::mt19937 random(3);
  Floats x, y;
  for (int n = 0; n < kRows; ++n) {
    const double at = static_cast<double>(random()) / 0x1p32 * 3.14159265358979323846;
    for (int wave = 1; wave <= kWaves; ++wave) x.push_back(static_cast<float>(std::cos(wave * at)));
    y.push_back(static_cast<float>(std::cos(2 * at) + static_cast<double>(random()) / 0x1p31 - 1));
  }
  return rows_of(kWaves, x, y);
}

Config descent(std::int64_t patience) {
  Config config;
  config.data.validation_fraction = 0.5;
  config.data.standardize = Tristate::no;
  config.data.standardize_target = Tristate::no;
  config.model.loss = Loss::squared;
  config.model.bias_init = BiasInit::zero;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.1;
  config.train.epochs = 1000;
  config.train.batch_size = kRows;
  config.train.patience = patience;
  return config;
}

/// With a folder of its own, where early stopping keeps the best model.
Run stopped_early() {
  Config config = descent(50);
  config.out = std::filesystem::temp_directory_path() / "thalweg-gallery-overfitting";
  std::filesystem::remove_all(config.out);
  Run run = listen(config, noisy_cosine());
  std::filesystem::remove_all(config.out);
  return run;
}

}  // namespace

Page overfitting() {
  const Run whole = listen(descent(0), noisy_cosine()), early = stopped_early();
  const auto best = std::min_element(whole.validation_loss.begin(), whole.validation_loss.end());

  Page page{
      .title = "Failure: overfitting",
      .text =
          "A noisy cosine, 30 features and 25 rows to train on. Descent first learns what all "
          "rows share, then the noise of each. The training loss falls on, and the validation loss turns. "
          "`train.patience` = 50 ends the run 50 epochs after the best one and keeps its model."};
  Chart chart{.title = "Loss by epoch", .x = {"epoch", ScaleKind::log}, .y = {"loss", ScaleKind::log}};
  chart.series = {{Mark::line, "training", 1, by_log_step(whole.train_loss)},
                  {Mark::line, "validation", 0, by_log_step(whole.validation_loss)}};
  const auto best_epoch = static_cast<double>(best - whole.validation_loss.begin() + 1);
  chart.series.push_back(dots("best", 2, {{best_epoch, *best}}));
  page.charts = {chart};
  page.says = early.message("the model is that of step");
  page.numbers = {{"best epoch", best_epoch},
                  {"its validation loss", *best},
                  {"validation loss after 1,000 epochs", whole.validation_loss.back()},
                  {"training loss after 1,000 epochs", whole.train_loss.back()},
                  {"epochs with a patience of 50", static_cast<double>(early.report.epochs)}};
  return page;
}

}  // namespace thalweg::gallery
