// A schedule of the program's own, and early stopping: each epoch is evaluated on held-out rows, and the best
// model is kept as a clone.
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>

#include "thalweg/thalweg.hpp"

/// A sine with so much noise that a large network fits the noise.
static thalweg::Dataset noisy_sine() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  thalweg::Dataset data;
  data.rows = 120;
  data.features = 1;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    data.dense_f32.push_back(static_cast<float>(row) / 30.0f - 2.0f);
    data.target.push_back(std::sin(3 * data.dense_f32.back()) + 0.5f * normal(random));
  }
  return data;
}

int main() try {
  const thalweg::Dataset data = noisy_sine();
  const thalweg::Split split = thalweg::split_rows(data.rows, /*fraction=*/0.4, /*seed=*/1);
  thalweg::ModelConfig config;
  config.hidden = {256};
  config.loss = thalweg::Loss::squared;
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));
  const thalweg::EpochBatches batches(split.train, /*batch_size=*/8, /*seed=*/1, /*shuffle=*/true,
                                      /*drop_last=*/false);
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::adam;
  options.batches = &batches;
  thalweg::Learner learner(model, data, options);

  thalweg::Model best = model.clone();
  double best_loss = INFINITY, loss = 0;
  std::int64_t epoch = 0, best_epoch = 0;
  for (; epoch < 500 && epoch - best_epoch <= 30; ++epoch) {
    const double lr = 0.02 * std::pow(0.99, static_cast<double>(epoch));
    for (std::int64_t batch = 0; batch < batches.batches_per_epoch(); ++batch)
      learner.step(batches.at(epoch, batch), lr);
    loss = learner.evaluate(split.validation)["loss"];
    if (loss >= best_loss) continue;
    best_loss = loss;
    best_epoch = epoch;
    best = model.clone();
  }
  std::printf("best epoch %lld of %lld: held-out loss %.4f, at the end %.4f\n",
              static_cast<long long>(best_epoch), static_cast<long long>(epoch), best_loss, loss);
  const bool kept = thalweg::evaluate(best, data, &split.validation)["loss"] == best_loss;
  return kept && epoch < 500 && best_loss < loss && best_loss < 0.25 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
