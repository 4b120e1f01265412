// A training loop that is stopped and goes on from its last checkpoint: it ends with the same bits as one
// that never stopped.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "thalweg/thalweg.hpp"

/// Parabola y = x^2 between -1 and 1.
static thalweg::Dataset parabola() {
  thalweg::Dataset data;
  data.rows = 400;
  data.features = 1;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    data.dense_f32.push_back(static_cast<float>(row) / 200.0f - 1.0f);
    data.target.push_back(data.dense_f32.back() * data.dense_f32.back());
  }
  return data;
}

/// Trains until step `last`, from the newest checkpoint in `out` on, and saves every 25 steps.
static std::string train_until(std::int64_t last, const std::string& out) {
  const thalweg::Dataset data = parabola();
  thalweg::ModelConfig config;
  config.hidden = {8};
  config.loss = thalweg::Loss::huber;
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));
  const thalweg::EpochBatches batches(thalweg::split_rows(data.rows, 0, 1).train, /*batch_size=*/32,
                                      /*seed=*/1,
                                      /*shuffle=*/true, /*drop_last=*/false);
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

int main() try {
  const auto folder = std::filesystem::temp_directory_path() / "thalweg-checkpoints";
  std::filesystem::remove_all(folder);
  train_until(40, folder / "stopped");  // its last checkpoint is that of step 25
  const bool same = train_until(60, folder / "stopped") == train_until(60, folder / "whole");
  std::filesystem::remove_all(folder);
  return same ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
