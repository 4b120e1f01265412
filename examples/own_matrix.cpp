// Trains on a matrix of the program's own. The vector is moved into the data set; on the CPU its rows are
// read where they lie.
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>
#include <utility>
#include <vector>

#include "thalweg/thalweg.hpp"

/// y = 3 x0 - 2 x1 + 0.5, with noise of deviation 0.1.
static thalweg::Dataset noisy_plane(std::int64_t rows) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x, y;
  for (std::int64_t row = 0; row < rows; ++row) {
    const float x0 = normal(random), x1 = normal(random);
    x.insert(x.end(), {x0, x1});  // row after row
    y.push_back(3 * x0 - 2 * x1 + 0.5f + 0.1f * normal(random));
  }
  thalweg::Dataset data;
  data.rows = rows;
  data.features = 2;
  data.dense_f32 = std::move(x);
  data.target = std::move(y);
  return data;
}

int main() try {
  const thalweg::Dataset data = noisy_plane(10000);
  const thalweg::Split split = thalweg::split_rows(data.rows, /*fraction=*/0.2, /*seed=*/1);
  thalweg::ModelConfig config;
  config.loss = thalweg::Loss::squared;
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));

  const thalweg::EpochBatches batches(split.train, /*batch_size=*/100, /*seed=*/1, /*shuffle=*/true,
                                      /*drop_last=*/false);
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::adam;
  options.optimizer.lr = 0.02;
  options.max_batch = batches.batch_size();
  options.batches = &batches;
  thalweg::Learner learner(model, data, options);
  while (learner.steps() < 10 * batches.batches_per_epoch()) learner.step(batches.at_step(learner.steps()));

  const double rmse = thalweg::evaluate(model, data, &split.validation)["rmse"];
  const std::vector<thalweg::NamedTensor> parameters = model.parameters();
  const auto& slopes = thalweg::find(parameters, "layers.0.weight").values;
  const float intercept = thalweg::find(parameters, "layers.0.bias").values[0];
  std::printf("y = %.3f x0 %+.3f x1 %+.3f; held-out rmse %.4f\n", slopes[0], slopes[1], intercept, rmse);
  const auto near = [](float value, float truth) { return std::abs(value - truth) < 0.02f; };
  return near(slopes[0], 3) && near(slopes[1], -2) && near(intercept, 0.5f) && rmse < 0.11 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
