// A multilayer perceptron on 10,000 MNIST digits: 8,000 to train on, 2,000 to test with.
#include <cstdio>
#include <exception>
#include <string>

#include "thalweg/thalweg.hpp"

int main(int argc, char** argv) try {
  const std::string data = argc > 1 ? argv[1] : "data";
  thalweg::Config config;
  config.data.train = data + "/mnist10k-images-idx3-ubyte.gz";
  config.data.target = data + "/mnist10k-labels-idx1-ubyte.gz";
  config.data.train_rows = "0:8000";
  config.data.test_rows = "8000:10000";
  config.model.hidden = {256, 128};
  config.model.dropout = 0.2;
  config.optimizer.name = thalweg::Rule::adamw;
  config.optimizer.lr = 1e-3;
  config.train.epochs = 5;
  config.train.batch_size = 128;

  thalweg::TrainObserver observer;
  std::int64_t epoch = 0;
  observer.progress = [&](const thalweg::Progress& progress) {
    if (progress.epoch == epoch) return;
    epoch = progress.epoch;
    std::printf("epoch %lld, %.0f samples/s\n", static_cast<long long>(epoch), progress.samples_per_second);
  };
  const thalweg::TrainReport report = thalweg::train(config, observer);
  std::printf("test accuracy %.4f\n", (*report.test)["accuracy"]);
  return (*report.test)["accuracy"] > 0.9 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
