// A run as `thalweg train` makes it, with its schedule, validation, early stopping and checkpoints, on data
// that never were a file. An observer watches the epochs.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <string>

#include "thalweg/thalweg.hpp"

/// Points in a disk of radius 1, "inside" where the radius is less than 0.7.
static thalweg::Dataset disk(std::int64_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  thalweg::Dataset data;
  data.features = 2;
  data.target_kind = thalweg::TargetKind::classes;
  data.classes = {"outside", "inside"};
  while (data.rows < rows) {
    const float x = uniform(random), y = uniform(random);
    if (x * x + y * y > 1) continue;
    data.dense_f32.insert(data.dense_f32.end(), {x, y});
    data.target.push_back(x * x + y * y < 0.49f ? 1.0f : 0.0f);
    ++data.rows;
  }
  return data;
}

int main() try {
  const std::string out = std::filesystem::temp_directory_path() / "thalweg-train-in-memory";
  std::filesystem::remove_all(out);
  thalweg::Config config;
  config.data.validation_fraction = 0.2;
  config.model.hidden = {32};
  config.optimizer.lr = 0.01;
  config.schedule.name = thalweg::ScheduleKind::cosine;
  config.train.epochs = 30;
  config.out = out;

  thalweg::TrainObserver observer;
  std::int64_t epochs = 0;
  observer.epoch = [&](const thalweg::EpochReport& report) {
    epochs = report.epoch;
    if (epochs % 10 == 0)
      std::printf("epoch %lld: held-out accuracy %.4f\n", static_cast<long long>(epochs),
                  (*report.validation)["accuracy"]);
  };
  const thalweg::Dataset data = disk(3000, 1), test = disk(1000, 2);
  const thalweg::TrainReport report = thalweg::train(config, data, &test, observer);
  const thalweg::Model model = thalweg::Model::load(thalweg::Context(), out);
  std::filesystem::remove_all(out);
  const double accuracy = (*report.test)["accuracy"];
  std::printf("test accuracy %.4f\n", accuracy);
  const bool saved = thalweg::evaluate(model, test)["accuracy"] == accuracy;
  return saved && accuracy > 0.97 && epochs == report.epochs ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
