// A training loop of your own: data made in memory, your own batches, your own objective, checkpoints, and
// the optimizers on a plain function of a vector.
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "thalweg/thalweg.hpp"

namespace {

/// Makes the line y = 2 x - 1 with an outlier in every tenth row.
thalweg::Dataset line_with_outliers() {
  thalweg::Dataset data;
  data.rows = 400;
  data.features = 1;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    const float x = static_cast<float>(row) / 200.0f - 1.0f;
    data.dense_f32.push_back(x);
    data.target.push_back(2.0f * x - 1.0f + (row % 10 == 0 ? 50.0f : 0.0f));
  }
  return data;
}

/// Geman and McClure's robust loss r^2 / (1 + r^2), whose gradient vanishes for outliers.
void robust_objective(const thalweg::Dataset& data, const thalweg::ObjectiveCall& call) {
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    const float residual = call.output.row(n)[0] - data.target[static_cast<std::size_t>(call.rows[n])];
    const float denominator = 1.0f + residual * residual;
    call.losses[n] = residual * residual / denominator;
    call.grad_output.row(n)[0] = call.scale * 2.0f * residual / (denominator * denominator);
  }
}

bool fits_the_line() {
  const thalweg::Context ctx;
  const thalweg::Dataset data = line_with_outliers();
  thalweg::ModelConfig model_config;
  model_config.loss = thalweg::Loss::squared;
  thalweg::Model model(ctx, thalweg::resolve_model(model_config, thalweg::schema_of(data), /*seed=*/1));
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::momentum;
  options.max_batch = 100;
  thalweg::Learner learner(model, data, options);
  for (int step = 0; step < 400; ++step) {
    std::vector<std::int64_t> rows;  // every fourth row, from another first row in each step
    for (std::int64_t row = step % 4; row < data.rows; row += 4) rows.push_back(row);
    learner.step(rows, /*lr=*/0.1, [&](const thalweg::ObjectiveCall& call) { robust_objective(data, call); });
  }
  const auto parameters = model.parameters();
  std::printf("slope %.4f, intercept %.4f\n", parameters[0].values[0], parameters[1].values[0]);
  return std::abs(parameters[0].values[0] - 2.0f) < 0.01f && std::abs(parameters[1].values[0] + 1.0f) < 0.01f;
}

/// Trains until step `last`, from the newest checkpoint in `out` on, and saves every 25 steps.
std::string train_until(std::int64_t last, const std::string& out) {
  const thalweg::Context ctx;
  const thalweg::Dataset data = line_with_outliers();
  thalweg::ModelConfig model_config;
  model_config.hidden = {8};
  model_config.loss = thalweg::Loss::huber;
  thalweg::Model model(ctx, thalweg::resolve_model(model_config, thalweg::schema_of(data), /*seed=*/1));
  const thalweg::EpochBatches batches(thalweg::split_rows(data.rows, 0.0, 1).train, /*batch_size=*/32,
                                      /*seed=*/1, /*shuffle=*/true, /*drop_last=*/false);
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::adam;
  options.optimizer.lr = 0.01;
  options.batches = &batches;
  thalweg::Learner learner(model, data, options);
  double loss = 0;  // of the loop itself: it goes with the checkpoint
  if (const auto restored = learner.restore(out)) loss = restored->values.at("loss");
  while (learner.steps() < last) {
    loss += learner.step(batches.at_step(learner.steps())).loss_sum;
    if (learner.steps() % 25 == 0) learner.save(out, {.values = {{"loss", loss}}});
  }
  std::printf("step %lld, loss of all steps %.3f\n", static_cast<long long>(last), loss);
  return thalweg::parameters_xxh3(model.parameters());
}

/// A loop that is interrupted and restored ends with the same bits as one that never stopped.
bool goes_on_after_an_interruption() {
  const auto folder = std::filesystem::temp_directory_path() / "thalweg-custom-loop";
  std::filesystem::remove_all(folder);
  train_until(40, folder / "interrupted");  // its last checkpoint is that of step 25
  const bool same = train_until(60, folder / "interrupted") == train_until(60, folder / "whole");
  std::filesystem::remove_all(folder);
  return same;
}

/// Minimises Rosenbrock's function by Adam.
bool follows_the_valley() {
  const thalweg::Context ctx;
  thalweg::OptimizerConfig optimizer;
  optimizer.name = thalweg::Rule::adam;
  optimizer.lr = 0.02;
  std::vector<float> point{-1.2f, 1.0f};
  const thalweg::MinimizeResult result =
      thalweg::minimize(ctx, optimizer, point, 20000, 1e-5, [](const auto& p, auto& gradient) {
        const float valley = p[1] - p[0] * p[0];
        gradient[0] = -400.0f * p[0] * valley - 2.0f * (1.0f - p[0]);
        gradient[1] = 200.0f * valley;
        return 100.0 * valley * valley + (1.0 - p[0]) * (1.0 - p[0]);
      });
  std::printf("minimum %.3g at (%.4f, %.4f)\n", result.value, point[0], point[1]);
  return std::abs(point[0] - 1.0f) < 1e-2f;
}

}  // namespace

int main() try {
  return fits_the_line() && goes_on_after_an_interruption() && follows_the_valley() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
