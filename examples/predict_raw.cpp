// Loads a model that was trained from a file, and asks it about raw rows in memory: the model keeps the
// transform of its training data and applies it.
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "thalweg/thalweg.hpp"

/// Fuel per 100 km of cars, which is 2 l and another litre for each 500 kg and for each 100 kW.
static float fuel(float kilograms, float kilowatts) { return 2 + kilograms / 500 + kilowatts / 100; }

static void write_cars(const std::string& file) {
  std::ofstream csv(file);
  csv << "kilograms,kilowatts,fuel\n";
  for (int row = 0; row < 400; ++row) {
    const float kilograms = 800 + 4 * static_cast<float>(row);
    const float kilowatts = 40 + static_cast<float>(row * 37 % 100);
    csv << kilograms << ',' << kilowatts << ',' << fuel(kilograms, kilowatts) << '\n';
  }
}

/// As `thalweg train` does.
static void train(const std::string& file, const std::string& out) {
  thalweg::Config config;
  config.data.train = file;
  config.data.target = "fuel";
  config.data.standardize = thalweg::Tristate::yes;
  config.model.loss = thalweg::Loss::squared;
  config.optimizer.lr = 0.05;
  config.train.epochs = 100;
  config.out = out;
  thalweg::train(config);
}

int main() try {
  const std::string folder = std::filesystem::temp_directory_path() / "thalweg-predict-raw";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  write_cars(folder + "/cars.csv");
  train(folder + "/cars.csv", folder + "/run");

  const thalweg::Model model = thalweg::Model::load(thalweg::Context(), folder + "/run");
  std::filesystem::remove_all(folder);
  thalweg::Dataset cars;
  cars.rows = 2;
  cars.features = 2;
  cars.dense_f32 = {1200, 90, 2000, 55};  // kilograms and kilowatts, as in the file
  const std::vector<float> predicted = model.predict(cars).values;
  std::printf("%.2f l and %.2f l\n", predicted[0], predicted[1]);
  return std::abs(predicted[0] - fuel(1200, 90)) < 0.05f && std::abs(predicted[1] - fuel(2000, 55)) < 0.05f
             ? 0
             : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
